import type { Notice } from '#libs/contracts/notice'
import type { Platform } from '#libs/contracts/platform'

/** Test data: a notice of a measure on platform `p1`. */
export function aNotice(over: Partial<Notice> = {}): Notice {
  return {
    noticeId: 'nt_1',
    template: 'measure-ordered',
    addressee: { kind: 'platform', platformId: 'p1' },
    data: {
      accountId: 'acc-9',
      kind: 'suspend_account',
      messageIds: ['m-7'],
      category: 'fraud',
      clause: 'fraud.advance-fee',
      automated: true,
      until: '2026-12-01T07:00:00Z',
      reasons: { zh: '该消息要求预付费用。', en: 'The message asks for a fee in advance.' },
      appealUrl: 'https://weir.example/appeal?token=t-1',
      directiveId: 'dir_1',
    },
    createdAt: '2026-11-24T07:00:00.000Z',
    expiresAt: '2026-11-28T07:00:00.000Z',
    ...over,
  }
}

/** Test data: a registered platform with one contact. */
export function aPlatform(over: Partial<Platform> = {}): Platform {
  return {
    platformId: 'p1',
    name: 'Platform One',
    mode: 'enforce',
    contacts: [{ name: 'Trust and Safety', email: 'safety@p1.example' }],
    registeredAt: '2026-11-01T00:00:00.000Z',
    ...over,
  }
}
