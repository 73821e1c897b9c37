import { Instant, One, OneOf, Optional, PlatformId, Pattern, Shape, Text, WeirId } from './fields.js'

export const NOTICE_STATES = ['pending', 'delivered', 'failed', 'expired'] as const
export const ADDRESSEE_KINDS = ['platform', 'authority', 'reporter', 'operators'] as const

/** Whom a notice is for. A platform's contacts and webhook are looked up by notification. */
export class Addressee {
  @OneOf(ADDRESSEE_KINDS) kind!: (typeof ADDRESSEE_KINDS)[number]
  @Optional() @PlatformId() platformId?: string
  /** Where the addressee is not a platform: an opaque reference or an e-mail address. */
  @Optional() @Text(320, 1) reference?: string
}

/** A notice to deliver, on `weir.notices.v1`: which text, to whom, with which facts. Holds no message content. */
export class Notice {
  @WeirId() noticeId!: string
  @Pattern('^[a-z0-9-]{1,60}$') template!: string
  @One(() => Addressee) addressee!: Addressee
  /** Fills the template's places; also the `data` of the webhook. */
  @Shape() data!: Record<string, unknown>
  @Optional() @Text(35) language?: string
  @Instant() createdAt!: string
  /** Not worth delivering after this. */
  @Instant() expiresAt!: string
}
