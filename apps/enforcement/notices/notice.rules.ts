import { derivedId } from '#libs/contracts/ids'
import type { Notice } from '#libs/contracts/notice'

const DAY = 86_400_000
/** Longer than the schedule of webhook attempts (about three days), shorter than the topic is kept. */
const WORTH_DELIVERING = 7 * DAY

/** A notice to a platform. Its id derives from what it is about, the template and the addressee: told once. */
export function noticeOf(
  template: string,
  about: string,
  platformId: string,
  data: Record<string, unknown>,
  now: Date,
): Notice {
  return {
    noticeId: derivedId('nt', about, template, 'platform', platformId),
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
