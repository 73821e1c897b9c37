import { Instant, Int, Many, OneOf, Optional, OwnId, PlatformId, Text, WeirId } from './fields.js'

export const MEASURES = ['none', 'label', 'warn', 'remove', 'limit', 'suspend', 'ban'] as const
/** Ordered from the least to the gravest. */
export type Measure = (typeof MEASURES)[number]

export const ACCOUNT_STATUSES = ['active', 'warned', 'limited', 'suspended', 'banned'] as const
export type AccountStatus = (typeof ACCOUNT_STATUSES)[number]

/** A measure on an account that holds now. */
export class MeasureInForce {
  @WeirId() directiveId!: string
  @OneOf(MEASURES) measure!: Measure
  @Instant() since!: string
  @Optional() @Instant() until?: string | null
}

/** The measures in force on an account, on the compacted topic `weir.measures.v1`. */
export class MeasuresInForce {
  @PlatformId() platformId!: string
  @OwnId() accountId!: string
  @OneOf(ACCOUNT_STATUSES) status!: AccountStatus
  @Int(0, 5) level!: number
  @Many(() => MeasureInForce, 100) measures!: MeasureInForce[]
  @Instant() at!: string
  /** Counts the changes of the account: of two records the one with the higher number is the newer, whichever comes last. */
  @Optional() @Int(1) rev?: number
}

/** A message of an account that its platform says it suspended, on `weir.sightings.v1`. */
export class Sighting {
  @WeirId() sightingId!: string
  @PlatformId() platformId!: string
  @OwnId() accountId!: string
  @OwnId() messageId!: string
  @WeirId() directiveId!: string
  @Text(60, 1) kind!: string
  @Instant() at!: string
}
