import { derivedId } from '#libs/contracts/ids'
import type { Notice } from '#libs/contracts/notice'
import type { Platform } from '#libs/contracts/platform'
import type { Channel, Delivery, NoticeContent } from './delivery.js'
import { renderNotice } from './render-notice.rules.js'

/** Where deliveries of all notices by e-mail go: one mail relay. */
export const MAIL_DESTINATION = 'smtp'

/** What is known of the addressee when a notice is first seen. */
export interface Addressees {
  /** The registered platform that the notice names. */
  platform?: Platform
  hasWebhook: boolean
  /** Where notices to operators go; empty for nowhere. */
  operatorsEmail: string
}

export interface Expansion {
  deliveries: Delivery[]
  content: NoticeContent
  usedFallback: boolean
}

/**
 * Turns a notice into what is to be sent, due at `now`: one mail for each address and one webhook. The same notice and
 * addressees give the same deliveries with the same ids, so a repeat adds none.
 */
export function expandNotice(notice: Notice, known: Addressees, mailFrom: string, now: Date): Expansion {
  const emails = emailsOf(notice, known)
  const webhooks =
    notice.addressee.kind === 'platform' && known.hasWebhook ? [notice.addressee.platformId ?? ''] : []
  const rendered = renderNotice(notice)
  return {
    deliveries: [
      ...emails.map((email) => toDelivery(notice, 'email', MAIL_DESTINATION, email, now)),
      ...webhooks.map((platformId) =>
        toDelivery(notice, 'webhook', webhookDestination(platformId), null, now),
      ),
    ],
    content: {
      mail:
        emails.length > 0
          ? {
              from: mailFrom,
              subject: rendered.subject,
              text: rendered.text,
              html: rendered.html,
              languages: rendered.languages,
            }
          : null,
      webhookBody: webhooks.length > 0 ? webhookBody(notice) : null,
    },
    usedFallback: rendered.usedFallback,
  }
}

/** What the deliveries to one platform's webhook share. */
export function webhookDestination(platformId: string): string {
  return `webhook/${platformId}`
}

/** The addresses in the form that counts, each once. */
function emailsOf({ addressee }: Notice, known: Addressees): string[] {
  const given =
    addressee.kind === 'platform'
      ? (known.platform?.contacts ?? []).map((contact) => contact.email)
      : addressee.reference?.includes('@')
        ? [addressee.reference]
        : addressee.kind === 'operators' && known.operatorsEmail !== ''
          ? [known.operatorsEmail]
          : []
  return [...new Set(given.map(canonicalEmail))]
}

/** Domains are compared without case (RFC 5321, 2.4); the part before the `@` is the receiver's own business. */
function canonicalEmail(email: string): string {
  const at = email.lastIndexOf('@')
  return email.slice(0, at + 1) + email.slice(at + 1).toLowerCase()
}

function toDelivery(
  notice: Notice,
  channel: Channel,
  destination: string,
  address: string | null,
  now: Date,
): Delivery {
  return {
    _id: derivedId('dl', notice.noticeId, channel, address ?? destination),
    noticeId: notice.noticeId,
    template: notice.template,
    channel,
    destination,
    platformId: notice.addressee.platformId ?? null,
    address,
    createdAt: new Date(notice.createdAt),
    expiresAt: new Date(notice.expiresAt),
    state: 'pending',
    nextAttemptAt: now,
    lease: null,
    tries: 0,
    attempts: [],
  }
}

/** Bytes; the Standard Webhooks specification asks for payloads below 20 kB. */
const MAX_BODY_BYTES = 20_000
/** Code points of a text that stays in a body that had to be cut. */
const MAX_KEPT_TEXT = 300

/** The webhook's payload: `{type, timestamp, data}`. Where it would be too large, long values are left out and it says so. */
export function webhookBody(notice: Notice): string {
  const write = (data: Record<string, unknown>): string =>
    JSON.stringify({
      type: `notice.${notice.template.replaceAll('-', '_')}`,
      timestamp: notice.createdAt,
      data: { ...data, noticeId: notice.noticeId, platformId: notice.addressee.platformId },
    })
  const whole = write(notice.data)
  if (Buffer.byteLength(whole) < MAX_BODY_BYTES) return whole
  const short = Object.entries(notice.data)
    .filter(([name, value]) => name.length <= 60 && isShort(value))
    .slice(0, 12)
  return write({ ...Object.fromEntries(short), truncated: true })
}

function isShort(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= MAX_KEPT_TEXT
  return typeof value === 'number' || typeof value === 'boolean'
}
