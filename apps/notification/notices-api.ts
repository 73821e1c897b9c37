import { NOTICE_STATES } from '#libs/contracts/notice'
import {
  Example,
  Instant,
  Int,
  Many,
  OneOf,
  Optional,
  PlatformId,
  Text,
  WeirId,
  WeirIds,
} from '#libs/contracts/fields'
import { REPORTED_CHANNELS } from '#libs/contracts/delivery-report'
import type { Attempt, Delivery, DeliveryState } from './delivery.js'

/** One line of the delivery log. */
export class AttemptView {
  @Instant() at!: string
  /** `accepted`, `http-status`, `smtp-status`, `timeout`, `unreachable`, `refused`, `gone`, … */
  @Example('smtp-status') @Text(60) outcome!: string
  /** Of HTTP or SMTP. */
  @Example(451) @Optional() @Int(0, 999) statusCode!: number | null
  @Example(84) @Int(0) durationMs!: number
}

/** A notice to one addressee over one channel. */
export class NoticeView {
  /** Also the `webhook-id`, and the left part of the `Message-ID`. */
  @Example('dl_mzq7xw5gd4n6tbv8yhc1r0p3k2') @WeirId() id!: string
  @WeirId() noticeId!: string
  @Example('measure-ordered') @Text(60) template!: string
  /** `none`: there was no address, and nobody was told. */
  @Example('email') @OneOf(REPORTED_CHANNELS) channel!: Delivery['channel']
  @Optional() @PlatformId() platformId!: string | null
  /** Where a mail goes; absent for a webhook, and once it is forgotten. */
  @Example('safety@chat-one.example') @Optional() @Text(320) address!: string | null
  @OneOf(NOTICE_STATES) state!: DeliveryState
  @Instant() createdAt!: string
  @Instant() expiresAt!: string
  @Optional() @Instant() nextAttemptAt!: string | null
  @Many(() => AttemptView, 50) attempts!: AttemptView[]
}

/** What is sent again. */
export class Redelivery {
  @Example(['dl_mzq7xw5gd4n6tbv8yhc1r0p3k2']) @WeirIds(1_000) deliveries!: string[]
}

/** A template as it reads. */
export class NoticePreview {
  @Example('Your account has been limited') @Text(200) subject!: string
  @Example('Your account acc-9 has been limited.') @Text(100_000) text!: string
  @Example('<p>Your account acc-9 has been limited.</p>') @Text(100_000) html!: string
  @Example('en') @Text(35) languages!: string
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
