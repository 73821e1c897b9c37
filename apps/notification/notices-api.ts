import { NOTICE_STATES } from '#libs/contracts/notice'
import {
  Instant,
  Int,
  Many,
  OneOf,
  Optional,
  PlatformId,
  Strings,
  Text,
  WeirId,
} from '#libs/contracts/fields'
import { type Attempt, type Channel, CHANNELS, type Delivery, type DeliveryState } from './delivery.js'

/** One line of the delivery log. */
export class AttemptView {
  @Instant() at!: string
  /** `accepted`, `http-status`, `smtp-status`, `timeout`, `unreachable`, `refused`, `gone`, … */
  @Text(60) outcome!: string
  /** Of HTTP or SMTP. */
  @Optional() @Int(0, 999) statusCode!: number | null
  @Int(0) durationMs!: number
}

/** A notice to one addressee over one channel. */
export class NoticeView {
  /** Also the `webhook-id`, and the left part of the `Message-ID`. */
  @WeirId() id!: string
  @WeirId() noticeId!: string
  @Text(60) template!: string
  @OneOf(CHANNELS) channel!: Channel
  @Optional() @PlatformId() platformId!: string | null
  /** Where a mail goes; absent for a webhook, and once it is forgotten. */
  @Optional() @Text(320) address!: string | null
  @OneOf(NOTICE_STATES) state!: DeliveryState
  @Instant() createdAt!: string
  @Instant() expiresAt!: string
  @Optional() @Instant() nextAttemptAt!: string | null
  @Many(() => AttemptView, 50) attempts!: AttemptView[]
}

/** What is sent again. */
export class Redelivery {
  @Strings(1_000, 200) deliveries!: string[]
}

/** A template as it reads. */
export class NoticePreview {
  @Text(200) subject!: string
  @Text(100_000) text!: string
  @Text(100_000) html!: string
  @Text(35) languages!: string
}

export function toView(delivery: Delivery): NoticeView {
  const { _id, noticeId, template, channel, platformId, address, state } = delivery
  return {
    id: _id,
    noticeId,
    template,
    channel,
    platformId,
    address,
    state,
    createdAt: delivery.createdAt.toISOString(),
    expiresAt: delivery.expiresAt.toISOString(),
    nextAttemptAt: delivery.nextAttemptAt?.toISOString() ?? null,
    attempts: delivery.attempts.map(toAttemptView),
  }
}

function toAttemptView({ at, outcome, statusCode, durationMs }: Attempt): AttemptView {
  return { at: at.toISOString(), outcome, statusCode, durationMs }
}
