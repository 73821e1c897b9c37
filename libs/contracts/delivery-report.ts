import { Instant, Int, OneOf, Optional, Pattern, WeirId } from './fields.js'
import { NOTICE_STATES } from './notice.js'

/** `none`: the addressee has no address at all, so that nothing could be sent. */
export const REPORTED_CHANNELS = ['email', 'webhook', 'none'] as const

/** Those of a notice, and `bounced`: what a relay took came back after all. */
export const REPORTED_STATES = [...NOTICE_STATES, 'bounced'] as const

/** What became of a notice over one channel, on `weir.deliveries.v1`. One that was sent again may tell of several ends. */
export class DeliveryReport {
  @WeirId() noticeId!: string
  @WeirId() deliveryId!: string
  @OneOf(REPORTED_CHANNELS) channel!: (typeof REPORTED_CHANNELS)[number]
  @OneOf(REPORTED_STATES) state!: (typeof REPORTED_STATES)[number]
  /** When it came to that. */
  @Instant() at!: string
  /** That of the notice. */
  @Optional() @Pattern('^[a-z0-9-]{1,60}$') template?: string
  /** As many deliveries the notice had when this one was made: when all have failed, nobody was told. */
  @Optional() @Int(1, 1_000_000) deliveries?: number
}
