import { derivedId } from '#libs/contracts/ids'
import type { Notice } from '#libs/contracts/notice'

const DAY = 86_400_000
/** Longer than the schedule of webhook attempts (about three days), shorter than the topic is kept. */
const WORTH_DELIVERING = 7 * DAY

/** The id of a notice to a platform: it derives from what it is about, the template and the addressee. */
export function noticeIdOf(template: string, about: string, platformId: string): string {
  return derivedId('nt', about, template, 'platform', platformId)
}

/** A notice to a platform. Its id derives from what it is about, the template and the addressee: told once. */
export function noticeOf(
  template: string,
  about: string,
  platformId: string,
  data: Record<string, unknown>,
  now: Date,
): Notice {
  return {
    noticeId: noticeIdOf(template, about, platformId),
    template,
    addressee: { kind: 'platform', platformId },
    data,
    createdAt: now.toISOString(),
    expiresAt: new Date(now.getTime() + WORTH_DELIVERING).toISOString(),
  }
}

/** The record key of a notice: notices to one addressee stay in order. */
export function addresseeKey(notice: Notice): string {
  const { kind, platformId, reference } = notice.addressee
  return `${kind}/${platformId ?? reference ?? ''}`
}
