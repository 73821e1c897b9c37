import type { NOTICE_STATES } from '#libs/contracts/notice'

export type DeliveryState = (typeof NOTICE_STATES)[number]

export const CHANNELS = ['email', 'webhook'] as const
export type Channel = (typeof CHANNELS)[number]

/** Stands where a channel would, for a notice whose addressee has no address: it was told to nobody. */
export const NOWHERE = 'none'

/** One line of the delivery log: no body, no address. */
export interface Attempt {
  at: Date
  outcome: string
  statusCode: number | null
  durationMs: number
}

/** An end that a delivery came to, to be told on `weir.deliveries.v1`. */
export interface DeliveryEnd {
  state: Exclude<DeliveryState, 'pending'>
  at: Date
}

/** One notice on its way to one addressee over one channel. */
export interface Delivery {
  /** Derived from notice, channel and addressee; the `webhook-id` and the left half of the `Message-ID`. */
  _id: string
  noticeId: string
  template: string
  /** The key of its reports. */
  addressee: string
  /** As many deliveries the notice had when this one was made. */
  of: number
  channel: Channel | typeof NOWHERE
  /** What shares a limit on concurrency: the mail relay, or one platform's webhook. */
  destination: string
  platformId: string | null
  /** The e-mail address; null for a webhook, whose URL is looked up when it is sent, and once it is forgotten. */
  address: string | null
  /** SHA-256 of an address that is forgotten, hex: whether one was told can still be said. */
  addressSha256?: string
  createdAt: Date
  expiresAt: Date
  state: DeliveryState
  /** When it is due; while an instance holds it, when that instance's lease ends. Null once the state is final. */
  nextAttemptAt: Date | null
  /** Token of the instance that is at it. */
  lease: string | null
  /** Set while an instance holds it: its destination was changed, and it is due again when it is given back. */
  hastenedAt?: Date
  /** Attempts begun since it was last made pending. */
  tries: number
  attempts: Attempt[]
  /** What is not told yet, oldest first. */
  reports: DeliveryEnd[]
}

/** What all deliveries of a notice send, rendered once so that a repeat is byte-identical. */
export interface NoticeContent {
  mail: MailContent | null
  webhookBody: string | null
}

export interface MailContent {
  from: string
  subject: string
  text: string
  html: string
  /** For `Content-Language`. */
  languages: string
}
