import { Instant, OneOf, Optional, OwnId, PlatformId, Text, WeirId } from './fields.js'

export const TIP_OFF_CHANNELS = ['email', 'phone', 'web'] as const
export const TIP_OFF_STATES = ['received', 'in_review', 'decided'] as const

/** A report from the public on `weir.tip-offs.v1`. Who sent it is known to ingestion only, by `reporterRef`. */
export class TipOff {
  @WeirId() tipOffId!: string
  @OneOf(TIP_OFF_CHANNELS) channel!: (typeof TIP_OFF_CHANNELS)[number]
  @Optional() @PlatformId() platformId?: string
  @Optional() @OwnId() accountId?: string
  @Optional() @OwnId() messageId?: string
  @Optional() @Text(2_048) url?: string
  @Text(60, 1) category!: string
  @Text(10_000) text!: string
  @Optional() @Text(35) language?: string
  @Optional() @WeirId() reporterRef?: string
  @Instant() receivedAt!: string
}

/** Where a tip-off stands, on `weir.tip-off-states.v1`: state and outcome, nothing more. */
export class TipOffState {
  @WeirId() tipOffId!: string
  @OneOf(TIP_OFF_STATES) state!: (typeof TIP_OFF_STATES)[number]
  @Optional() @Text(60) outcome?: string
  @Instant() at!: string
}
