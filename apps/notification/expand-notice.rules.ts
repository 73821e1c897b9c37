import { derivedId } from '#libs/contracts/ids'
import { mailAddress } from '#libs/contracts/mail-address'
import type { Notice } from '#libs/contracts/notice'
import type { Platform } from '#libs/contracts/platform'
import { type Channel, type Delivery, type NoticeContent, NOWHERE } from './delivery.js'
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
 * Turns a notice into what is to be sent, due at `now`: one mail for each address and one webhook. Where there is neither, one
 * delivery that has failed stands for all and says so. The same notice and addressees give the same deliveries with the same
 * ids, so a repeat adds none.
 */
export function expandNotice(notice: Notice, known: Addressees, mailFrom: string, now: Date): Expansion {
  const { kind, platformId, reference } = notice.addressee
  const ways = waysTo(notice.addressee, known)
  const isPlatform = kind === 'platform'
  const rendered = renderNotice(notice)
  const base: DeliveryBase = {
    noticeId: notice.noticeId,
    template: notice.template,
    // An address of a person stands in no key.
    addressee: `${kind}/${platformId ?? derivedId('ref', reference ?? '')}`,
    of: Math.max(1, ways.length),
    platformId: platformId ?? null,
    createdAt: new Date(notice.createdAt),
    expiresAt: new Date(notice.expiresAt),
  }
  return {
    deliveries: ways.length > 0 ? ways.map((way) => toDelivery(base, way, now)) : [toNobody(base, now)],
    // A platform may get an address of the other kind later.
    content: {
      mail:
        isPlatform || ways.some(({ channel }) => channel === 'email')
          ? {
              from: mailFrom,
              subject: rendered.subject,
              text: rendered.text,
              html: rendered.html,
              languages: rendered.languages,
            }
          : null,
      webhookBody: isPlatform ? webhookBody(notice) : null,
    },
    usedFallback: rendered.usedFallback,
  }
}

/** Deliveries of a platform's notice over ways that it did not have when the others were made, due at `now`. */
export function missingDeliveries(
  made: readonly Delivery[],
  known: Addressees,
  now: Date,
  expiresAt: Date,
): Delivery[] {
  const [first] = made
  if (!first || first.platformId === null) return []
  const { noticeId, template, addressee, platformId, createdAt } = first
  const base = { noticeId, template, addressee, platformId, createdAt, expiresAt }
  const there = new Set(made.map(({ _id }) => _id))
  const ways = waysTo({ kind: 'platform', platformId }, known).filter((way) => !there.has(idOf(base, way)))
  return ways.map((way) => toDelivery({ ...base, of: made.length + ways.length }, way, now))
}

type DeliveryBase = Pick<
  Delivery,
  'noticeId' | 'template' | 'addressee' | 'of' | 'platformId' | 'createdAt' | 'expiresAt'
>

/** How a notice can reach somebody. */
interface Way {
  channel: Channel
  destination: string
  address: string | null
}

function waysTo(addressee: Notice['addressee'], known: Addressees): Way[] {
  const { kind, platformId } = addressee
  const webhooks = kind === 'platform' && known.hasWebhook ? [platformId ?? ''] : []
  return [
    ...emailsOf(addressee, known).map((address): Way => ({
      channel: 'email',
      destination: MAIL_DESTINATION,
      address,
    })),
    ...webhooks.map((id): Way => ({
      channel: 'webhook',
      destination: webhookDestination(id),
      address: null,
    })),
  ]
}

/** What the deliveries to one platform's webhook share. */
export function webhookDestination(platformId: string): string {
  return `webhook/${platformId}`
}

/** The addresses in the form that counts, each once. */
function emailsOf(addressee: Notice['addressee'], known: Addressees): string[] {
  const given =
    addressee.kind === 'platform'
      ? (known.platform?.contacts ?? []).map((contact) => contact.email)
      : mailAddress(addressee.reference ?? '') !== null
        ? [addressee.reference!]
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

function idOf({ noticeId }: Pick<Delivery, 'noticeId'>, { channel, destination, address }: Way): string {
  return derivedId('dl', noticeId, channel, address ?? destination)
}

function toDelivery(base: DeliveryBase, way: Way, now: Date): Delivery {
  return {
    _id: idOf(base, way),
    ...base,
    ...way,
    state: 'pending',
    nextAttemptAt: now,
    lease: null,
    tries: 0,
    attempts: [],
    reports: [],
  }
}

function toNobody(base: DeliveryBase, now: Date): Delivery {
  return {
    _id: derivedId('dl', base.noticeId, NOWHERE),
    ...base,
    channel: NOWHERE,
    destination: NOWHERE,
    address: null,
    state: 'failed',
    nextAttemptAt: null,
    lease: null,
    tries: 0,
    attempts: [{ at: now, outcome: 'no-address', statusCode: null, durationMs: 0 }],
    reports: [{ state: 'failed', at: now }],
  }
}

/** Bytes; the Standard Webhooks specification asks for payloads below 20 kB. */
const MAX_BODY_BYTES = 20_000
/** UTF-16 units of each text that stays in a body that had to be cut: as many of these as fit. */
const KEPT_TEXT = [4_000, 2_000, 1_000, 500, 200, 60]
/** Of a list or an object in it, at any depth. */
const KEPT_ITEMS = 40
const KEPT_DEPTH = 4
/** A link is of use as a whole only. */
const MAX_KEPT_LINK = 1_500

/** The webhook's payload: `{type, timestamp, data}`. Where it would be too large, each text is cut, the reasons among them, and it says so. */
export function webhookBody(notice: Notice): string {
  const write = (data: Record<string, unknown>): string =>
    JSON.stringify({
      type: `notice.${notice.template.replaceAll('-', '_')}`,
      timestamp: notice.createdAt,
      data: { ...data, noticeId: notice.noticeId, platformId: notice.addressee.platformId },
    })
  const whole = write(notice.data)
  if (Buffer.byteLength(whole) < MAX_BODY_BYTES) return whole
  for (const units of KEPT_TEXT) {
    const cut = write({ ...(shortened(notice.data, units, KEPT_DEPTH) as object), truncated: true })
    if (Buffer.byteLength(cut) < MAX_BODY_BYTES) return cut
  }
  return write({ truncated: true })
}

/** The same value with shorter texts, lists and objects. */
function shortened(value: unknown, units: number, depth: number): unknown {
  if (typeof value === 'string')
    return value.length <= units || isLink(value) ? value : `${value.slice(0, units).toWellFormed()}…`
  if (typeof value !== 'object' || value === null) return value
  if (depth === 0) return null
  if (Array.isArray(value)) return value.slice(0, KEPT_ITEMS).map((item) => shortened(item, units, depth - 1))
  const members = Object.entries(value).filter(([name]) => name.length <= 60)
  return Object.fromEntries(
    members.slice(0, KEPT_ITEMS).map(([name, member]) => [name, shortened(member, units, depth - 1)]),
  )
}

/** What a notice is for may be its link. */
function isLink(text: string): boolean {
  return text.length <= MAX_KEPT_LINK && /^https?:\/\//.test(text)
}
