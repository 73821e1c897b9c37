import { Instant, Int, OneOf, PlatformId, Text, WeirId } from './fields.js'
import { OUTCOMES, type Outcome } from './verdict.js'

/** How many messages of a platform had an outcome in a category within one minute, on `weir.tallies.v1`. */
export class Tally {
  /** Names the minute, the source partition and the offsets counted: the same tally twice counts once. */
  @WeirId() tallyId!: string
  @PlatformId() platformId!: string
  @Instant() minute!: string
  @Text(60, 1) category!: string
  @OneOf(OUTCOMES) outcome!: Outcome
  @Int(0) count!: number
}
