import {
  Instant,
  Many,
  Num,
  One,
  OneOf,
  OwnId,
  PLATFORM_OWN_ID,
  PlatformId,
  Shape,
  Strings,
  Text,
  WeirId,
} from './fields.js'

export const FINDING_KINDS = ['coordination', 'account_risk'] as const

/** An account that takes part in a finding, with the messages that show it. */
export class FindingMember {
  @PlatformId() platformId!: string
  @OwnId() accountId!: string
  @Strings(1_000, PLATFORM_OWN_ID) messageIds!: string[]
}

/** The stretch of time that a finding looked at. */
export class FindingWindow {
  @Instant() from!: string
  @Instant() to!: string
}

/** Something seen over many messages, on `weir.findings.v1`. */
export class Finding {
  @WeirId() findingId!: string
  @OneOf(FINDING_KINDS) kind!: (typeof FINDING_KINDS)[number]
  @Text(60, 1) category!: string
  @Num(0, 1) score!: number
  @Many(() => FindingMember, 10_000, 1) members!: FindingMember[]
  @One(() => FindingWindow) window!: FindingWindow
  @Shape('array') edges!: unknown[]
  @Text(40, 1) policyVersion!: string
}
