import { Instant, Int, OwnId, PlatformId } from './fields.js'

/**
 * A count of followers that makes an account one of reach, on `weir.reach.v1`: also where the message that told it is clear, and
 * enforcement hears of it in no other way.
 */
export class Reach {
  @PlatformId() platformId!: string
  @OwnId() accountId!: string
  @Int(0) followers!: number
  /** When the broker received the message. */
  @Instant() at!: string
}
