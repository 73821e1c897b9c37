import { Instant, OwnId, PlatformId, Text, WeirId } from './fields.js'

/** The near-duplicate fingerprint of a message on `weir.fingerprints.v1`, for coordination. */
export class Fingerprint {
  @Text(100, 1) bucket!: string
  @Text(200, 1) fingerprint!: string
  @PlatformId() platformId!: string
  @OwnId() accountId!: string
  @OwnId() messageId!: string
  @WeirId() revision!: string
  @Instant() at!: string
}
