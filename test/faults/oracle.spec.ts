import { describe, expect, it } from 'vitest'
import { contentsById, differences, type Observed, type SeenRecord } from './differences.js'
import { endingOf, expectedOf, type InputRecord, standingAfter } from './oracle.js'
import { PRIVATE_MARKER, TEXTS, workload } from './workload.js'

const HARMFUL = [...TEXTS].find(([, known]) => known.outcome === 'act' && known.severity === 2)![0]
const AT = Date.parse('2026-11-24T07:00:00Z')
const said = (changes: object = {}) => ({
  messageId: 'm1',
  accountId: 'a1',
  visibility: 'public',
  sentAt: '2026-11-24T07:00:00Z',
  text: HARMFUL,
  account: { followers: 5 },
  ...changes,
})
const input = (...values: object[]): InputRecord[] =>
  values.map((value, i) => ({
    platformId: 'p1',
    partition: 0,
    offset: `${i}`,
    receivedAt: AT + i,
    value: Buffer.from(JSON.stringify(value)),
  }))
const strike = (points: number, at: number) => ({ points, at })

describe('what must be', () => {
  it('takes an edit into harm for one strike, and a repeat for none', () => {
    const { accounts, valid } = expectedOf(
      input(
        said({ text: 'The library opens at nine.' }),
        said(),
        said(),
        said({ text: 'Bus 12 runs every ten minutes.' }),
      ),
      TEXTS,
    )
    const [account] = [...accounts.values()]
    expect([...account!.strikes.values()]).toEqual([{ messageId: 'm1', at: AT + 1, severity: 2, points: 2 }])
    expect(valid.map((one) => one.mayBeRepeat)).toEqual([false, false, true, false])
  })

  it('orders one step for each rise, the highest of a jump, and holds what a second person must see', () => {
    const twos = [2, 2, 2, 2, 2, 2, 2, 2].map(strike)
    const steps = standingAfter(twos, true).steps.map(({ kind }) => kind)
    expect(steps).toEqual(['warn_account', 'limit_account', 'suspend_account', 'suspend_account'])
    expect(standingAfter([strike(8, 0)], true).steps).toEqual([{ kind: 'suspend_account', at: 0 }])
    expect(standingAfter(twos, false)).toMatchObject({ status: 'limited', level: 4, points: 16, held: 2 })
  })

  it('is private before anything else is wrong', () => {
    expect(endingOf(Buffer.from('{"visibility":"private","__proto__":{}}'))).toEqual({ kind: 'private' })
    expect(endingOf(null)).toEqual({ kind: 'dead-letter', slug: 'not-json' })
    expect(endingOf(Buffer.from([0xff]))).toEqual({ kind: 'dead-letter', slug: 'not-utf8' })
  })

  it('is known of every record of the workload, the same for the same seed', () => {
    const records = [...workload(3_000, ['p1'], 9, '2026-11-24T07:00:00Z')]
    expect([...workload(3_000, ['p1'], 9, '2026-11-24T07:00:00Z')]).toEqual(records)
    const { valid, deadLetters, privates, accounts } = expectedOf(
      records.map(({ value }, i) => ({
        platformId: 'p1',
        partition: 0,
        offset: `${i}`,
        receivedAt: AT,
        value,
      })),
      TEXTS,
    )
    expect(valid.length + deadLetters.size + privates).toBe(3_000)
    expect(privates).toBe(records.filter(({ value }) => value.includes(PRIVATE_MARKER)).length)
    expect(new Set([...deadLetters.values()].map(({ slug }) => slug)).size).toBe(5)
    expect(accounts.size).toBeGreaterThan(20)
  })
})

describe('a difference', () => {
  const headers = { ce_id: 'x' }
  const record = (topic: string, value: object, id: string): SeenRecord => ({
    topic,
    value: Buffer.from(JSON.stringify(value)),
    headers: { ...headers, ce_id: id },
  })
  const message = { ...said(), platformId: 'p1', receivedAt: new Date(AT).toISOString() }
  const order = (directiveId: string, kind: string, accountSeq: number): object => ({
    directiveId,
    kind,
    accountId: 'a1',
    messageIds: ['m1'],
    accountSeq,
    until: null,
  })
  const event = (kind: string, more: object, id: string): SeenRecord =>
    record('weir.events.v1', { eventId: id, kind, ...more }, id)
  const notice = (directiveId: string): SeenRecord =>
    record(
      'weir.notices.v1',
      { noticeId: `n-${directiveId}`, data: { directiveId }, addressee: { platformId: 'p1' } },
      `n-${directiveId}`,
    )
  const whole: Observed = {
    records: [
      record('weir.messages.v1', message, 'msg'),
      record(
        'weir.verdicts.v1',
        { verdictId: 'v', platformId: 'p1', outcome: 'act', message, receivedAt: 'r' },
        'v',
      ),
      record('weir.out.p1.directives.v1', order('d1', 'remove_message', 1), 'd1'),
      record('weir.out.p1.directives.v1', order('d2', 'warn_account', 2), 'd2'),
      event('case.entry_added', { verdictId: 'v' }, 'e1'),
      event('strike.added', { strikeId: 's' }, 'e2'),
      ...['d1', 'd2'].flatMap((directiveId) => [
        event('directive.issued', { directiveId }, `i-${directiveId}`),
        event(
          'statement.issued',
          { directiveId, statementOfReasonsId: `sor-${directiveId}` },
          `s-${directiveId}`,
        ),
        notice(directiveId),
      ]),
    ],
    accounts: [
      {
        platformId: 'p1',
        accountId: 'a1',
        status: 'warned',
        level: 1,
        points: 2,
        strikes: [
          {
            strikeId: 's',
            messageId: 'm1',
            severity: 2,
            points: 2,
            at: new Date(AT).toISOString(),
            reversedAt: null,
          },
        ],
        held: [],
      },
    ],
    directives: ['d1', 'd2'].map((directiveId) => ({
      platformId: 'p1',
      directiveId,
      statementOfReasonsId: `sor-${directiveId}`,
    })),
    entries: [{ verdictId: 'v', caseId: 'c', accountId: 'a1', messageId: 'm1' }],
    statements: ['d1', 'd2'].map((directiveId) => ({ statementId: `sor-${directiveId}`, directiveId })),
    notices: ['d1', 'd2'].map((id) => ({ noticeId: `n-${id}` })),
    deliveries: ['d1', 'd2'].map((id) => ({ noticeId: `n-${id}`, channel: 'email', address: 'a@b.c' })),
    audit: ['e1', 'e2', 'i-d1', 's-d1', 'i-d2', 's-d2'].map((entryId, seq) => ({
      entryId,
      kind: 'an event',
      loggedAt: new Date(AT).toISOString(),
      shard: '0',
      seq,
      prevHash: `hash ${seq}`,
      hash: `hash ${seq + 1}`,
    })),
    topicsReadAt: AT + 60_000,
  }
  const find = (observed: Observed) =>
    differences(expectedOf(input(said()), TEXTS), observed, { p1: ['email a@b.c'] })

  it('is not found where everything is as it must be', () => {
    expect(find(whole)).toEqual([])
    expect(find({ ...whole, records: [...whole.records, ...whole.records] })).toEqual([])
  })

  it('is found wherever a record is missing', () => {
    for (const [i, gone] of whole.records.entries()) {
      const records = whole.records.filter((_, at) => at !== i)
      expect(find({ ...whole, records }), `without ${gone.topic} ${gone.headers['ce_id']}`).not.toEqual([])
    }
  })

  it('is found wherever one effect is there twice, or a row is missing', () => {
    const again = (records: SeenRecord[]): SeenRecord[] =>
      records.map((one) => ({ ...one, headers: { ce_id: `${one.headers['ce_id']}-again` } }))
    const effects = whole.records.filter(
      (one) => one.topic.startsWith('weir.out.') || one.topic === 'weir.notices.v1',
    )
    for (const one of effects)
      expect(
        find({ ...whole, records: [...whole.records, ...again([one])] }),
        one.headers['ce_id'],
      ).not.toEqual([])
    for (const name of [
      'accounts',
      'directives',
      'entries',
      'statements',
      'notices',
      'deliveries',
      'audit',
    ] as const) {
      expect(find({ ...whole, [name]: whole[name].slice(1) }), name).not.toEqual([])
      if (name !== 'accounts' && name !== 'notices')
        expect(find({ ...whole, [name]: [...whole[name], whole[name][0]!] }), name).not.toEqual([])
    }
    const forked = whole.audit.with(3, { ...whole.audit[3]!, hash: 'another' })
    expect(find({ ...whole, audit: forked })).toMatchObject([{ kind: 'wrong' }])
    const foreign = whole.audit.with(3, { ...whole.audit[3]!, entryId: 'foreign' })
    expect(find({ ...whole, audit: foreign }).map(({ kind }) => kind)).toEqual(['lost', 'invented'])
    const later = { ...whole.audit[5]!, entryId: 'later', seq: 6, prevHash: 'hash 6', hash: 'hash 7' }
    expect(find({ ...whole, audit: [...whole.audit, later] })).toMatchObject([{ kind: 'invented' }])
    const loggedAt = new Date(AT + 60_000).toISOString()
    expect(find({ ...whole, audit: [...whole.audit, { ...later, loggedAt }] })).toEqual([])
    const altered = whole.records.map((one) =>
      one.topic === 'weir.verdicts.v1'
        ? { ...one, value: Buffer.from(one.value!.toString().replace('"followers":5', '"followers":6')) }
        : one,
    )
    expect(find({ ...whole, records: altered })).toMatchObject([{ kind: 'invented' }])
    const torn = {
      ...whole.records[2]!,
      value: Buffer.from(JSON.stringify({ ...order('d1', 'remove_message', 1), x: 1 })),
    }
    expect(find({ ...whole, records: [...whole.records, torn] })).toMatchObject([{ kind: 'duplicate' }])
  })
})

describe('contents under one id', () => {
  const verdict = (message: object, outcome = 'act'): SeenRecord => ({
    topic: 'weir.verdicts.v1',
    headers: { ce_id: 'vd_1' },
    value: Buffer.from(JSON.stringify({ verdictId: 'vd_1', outcome, message })),
  })
  const most = (...records: SeenRecord[]): number =>
    Math.max(...[...contentsById(records).values()].map((contents) => contents.size))

  it('are one, of verdicts one for each message that was judged', () => {
    const message = { ...said(), receivedAt: new Date(AT).toISOString() }
    const editedBack = { ...message, change: 'edited' }
    expect(most(verdict(message), verdict(message))).toBe(1)
    expect(most(verdict(message), verdict(editedBack))).toBe(1)
    expect(most(verdict(message), verdict(message, 'review'))).toBe(2)
  })
})
