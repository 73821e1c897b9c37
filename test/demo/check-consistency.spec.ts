import { describe, expect, it } from 'vitest'
import type { Directive } from '#libs/contracts/directive'
import type { Message } from '#libs/contracts/message'
import type { Notice } from '#libs/contracts/notice'
import type { Verdict } from '#libs/contracts/verdict'
import type { WeirEvent } from '#libs/contracts/weir-event'
import { checkConsistency } from './check-consistency.js'
import type { Findings } from './findings.js'
import type { PlannedRecord } from './plan-records.js'

/** One record of each ending; the accepted one is acted on, which orders one directive. */
function allWell(): Findings {
  const message = {
    messageId: 'm-1',
    accountId: 'en-001',
    visibility: 'public' as const,
    text: 'Give me money',
  }
  const place = { platformId: 'lantern', key: 'en-001' }
  const labelled = {
    text: message.text,
    language: 'en' as const,
    source: 'spec',
    labels: { fraud: 1 as const },
  }
  const plan: PlannedRecord[] = [
    { ...place, number: 0, ending: 'accepted', message, labelled },
    { ...place, number: 1, ending: 'private', message },
    { ...place, number: 2, ending: 'repeat', of: 0 },
    { ...place, number: 3, ending: 'dead-lettered', slug: 'not-json', bytes: Buffer.alloc(0) },
  ]
  const facts = { platformId: 'lantern', accountId: 'en-001', messageId: 'm-1' }
  const directive = { directiveId: 'dir-1', accountId: 'en-001', kind: 'remove_message' } as Directive
  const receipts = (['acknowledged', 'done'] as const).map((status) => ({
    directiveId: 'dir-1',
    status,
    at: '',
  }))
  return {
    plan,
    sent: new Map(),
    stored: [3, 1, 0, 2],
    accepted: [{ ...message, platformId: 'lantern' } as Message],
    verdicts: [{ ...facts, verdictId: 'vd-1', outcome: 'act' } as Verdict],
    events: [
      { ...facts, eventId: 'ev-1', kind: 'case.entry_added', verdictId: 'vd-1' } as WeirEvent,
      { ...facts, eventId: 'ev-2', kind: 'strike.added', strikeId: 'str-1' } as WeirEvent,
    ],
    notices: [{ noticeId: 'nt-1', addressee: { kind: 'platform', platformId: 'lantern' } } as Notice],
    deadLetters: [{ number: 3, reason: 'not-json', service: 'ingestion' }],
    counted: { private: 1, repeat: 1 },
    received: [{ platformId: 'lantern', directive, at: 0 }],
    directives: [{ ...directive, platformId: 'lantern', state: 'done', receipts }],
    deliveries: [
      { id: 'dl-1', noticeId: 'nt-1', channel: 'email', state: 'delivered' },
      { id: 'dl-2', noticeId: 'nt-1', channel: 'webhook', state: 'delivered' },
    ],
    accounts: [],
    mails: [{ deliveryId: 'dl-1', noticeId: 'nt-1', to: '', subject: '', text: '' }],
    webhooks: [{ deliveryId: 'dl-2', type: '', data: { directiveId: 'dir-1' } }],
    badSignatures: 0,
  }
}
const well = allWell()
const done = well.directives[0]!
const [mail, webhook] = well.deliveries
const [entry, strike] = well.events

describe('the check of the demo', () => {
  it('finds nothing where all is well', () => {
    expect(checkConsistency(well)).toEqual([])
  })

  it('takes what came twice under the same id for one', () => {
    const { accepted, verdicts, events, notices } = well
    const twice = {
      accepted: [...accepted, ...accepted],
      verdicts: [...verdicts, ...verdicts],
      events: [...events, ...events],
      notices: [...notices, ...notices],
    }
    expect(checkConsistency({ ...well, ...twice })).toEqual([])
  })

  it.each<[string, Partial<Findings>]>([
    ['a record that the broker does not have', { stored: [0, 1, 2] }],
    ['a message that was lost', { accepted: [] }],
    [
      'a message that was passed on twice',
      { accepted: [...well.accepted, { ...well.accepted[0]!, receivedAt: 'later' }] },
    ],
    ['a dead letter that is missing', { deadLetters: [] }],
    ['a dead letter for another reason', { deadLetters: [{ ...well.deadLetters[0]!, reason: 'schema' }] }],
    [
      'a good record among the dead letters',
      { deadLetters: [...well.deadLetters, { ...well.deadLetters[0]!, number: 0 }] },
    ],
    ['a private record that was not counted', { counted: { private: 0, repeat: 1 } }],
    ['a repeat that was not dropped', { counted: { private: 1, repeat: 0 } }],
    ['a verdict without a case', { events: [strike!] }],
    ['a verdict in two cases', { events: [entry!, { ...entry!, eventId: 'ev-9' }, strike!] }],
    ['a message without its strike', { events: [entry!] }],
    ['two strikes for one message', { events: [entry!, strike!, { ...strike!, strikeId: 'str-2' }] }],
    ['a directive that never came', { received: [] }],
    ['a directive that nobody acknowledged', { directives: [{ ...done, receipts: done.receipts.slice(1) }] }],
    [
      'a directive that is not done',
      { directives: [{ ...done, receipts: done.receipts.slice(0, 1), state: 'acknowledged' }] },
    ],
    ['a notice without its mail', { deliveries: [webhook!], mails: [] }],
    ['a delivery that failed', { deliveries: [mail!, { ...webhook!, state: 'failed' }] }],
    ['a mail that did not arrive', { mails: [] }],
    ['a webhook that did not arrive', { webhooks: [] }],
    ['a measure of which nobody is told', { notices: [], deliveries: [], mails: [], webhooks: [] }],
    ['a webhook with a bad signature', { badSignatures: 1 }],
  ])('finds %s', (_, changes) => {
    expect(checkConsistency({ ...well, ...changes })).not.toEqual([])
  })
})
