import 'reflect-metadata'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Directive } from '#libs/contracts/directive'
import type { WeirEvent } from '#libs/contracts/weir-event'
import { Clock } from '#libs/runtime/clock'
import { asProblem } from '#libs/runtime/http/problem'
import { aVerdict } from '../ledger/a-verdict.fixture.js'
import { AccountLedger } from '../ledger/account-ledger.js'
import { AccountStore } from '../ledger/account.store.js'
import { applyDecision, type PersonsDecision } from '../ledger/apply-decision.rules.js'
import { AuditStore } from '../audit/audit.store.js'
import { ReadAccount } from '../accounts/read-account.js'
import { TakeVerdicts } from '../intake/take-verdicts.js'
import { CaseStore } from '../ledger/cases/case.store.js'
import { WorkOnCases } from '../casework/work-on-cases.js'
import { MAX_MESSAGES } from '../ledger/decisions/decision.js'
import { DecisionStore } from '../ledger/decisions/decision.store.js'
import { DirectiveStore } from '../ledger/directives/directive.store.js'
import { Relay } from '../outbox/relay.js'
import { StatementStore } from '../ledger/statements/statement.store.js'
import { AppealStore } from './appeal.store.js'
import { HearAppeals } from './hear-appeals.js'
import { OpenAppeal } from './open-appeal.js'
import { ReadEvidence } from './read-evidence.js'
import { SettleAppeals } from './settle-appeals.js'
import { type RecordingPublisher, TwoInstances } from '../two-instances.fixture.js'

const DAY = 86_400_000

const removalOf = (decisionId: string, messages: PersonsDecision['messages']): PersonsDecision => ({
  decisionId,
  caseId: `case_${decisionId}`,
  measure: 'remove',
  clause: 'c.2',
  reasons: { zh: '理由', en: 'Reasons' },
  messages,
  verdictIds: [],
  detectors: [],
  until: null,
  notBefore: null,
})

describe('appeals, on a real MongoDB', () => {
  let instances: TwoInstances
  let publisher: RecordingPublisher
  let clock: Clock
  const one = <T>(type: new (...args: never[]) => T): T => instances.one(type)
  const two = <T>(type: new (...args: never[]) => T): T => instances.two(type)

  beforeAll(async () => {
    instances = await TwoInstances.start()
    ;({ publisher, clock } = instances)
  })
  afterAll(() => instances.stop())

  const directives = (account: string): Directive[] => publisher.on('directives', account)
  const events = (account: string): WeirEvent[] => publisher.on('events', account)
  const appealEvents = (account: string): string[] =>
    events(account).flatMap(({ kind }) => (kind.startsWith('appeal.') ? [kind] : []))
  const tokenOf = ({ appealUrl }: Directive): string => new URL(appealUrl!).searchParams.get('token')!
  const stateOf = async (account: string) => (await one(AccountStore).byKey(`p1/${account}`))!

  /** A message that removes itself and suspends its account; gives the directives. */
  async function suspended(account: string): Promise<{ removal: Directive; suspension: Directive }> {
    await one(TakeVerdicts).take(
      [aVerdict(account, 'm1', { severity: 4, at: clock.now() })],
      async () => undefined,
    )
    const [removal, suspension] = ['remove_message', 'suspend_account'].map((kind) =>
      directives(account).find((directive) => directive.kind === kind),
    )
    return { removal: removal!, suspension: suspension! }
  }
  async function appealed(account: string, directive: Directive, text = 'It was satire.') {
    const receiptCode = await one(OpenAppeal).open(tokenOf(directive), text)
    const [appeal] = await one(AppealStore).list({ platformId: 'p1', accountId: account }, 1)
    return { receiptCode, appealId: appeal!._id }
  }
  const outcome = (given: 'upheld' | 'granted') => ({
    outcome: given,
    reasons: 'heard',
    replacement: null,
  })

  it('are opened once under a key of the client, however often and at once, and give its code to nobody else', async () => {
    const { removal } = await suspended('a1')
    const key = 'a-secret-of-the-owner'
    const codes = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        (i % 2 ? one : two)(OpenAppeal).open(tokenOf(removal), 'It was satire.', { key }),
      ),
    )
    expect(new Set(codes).size).toBe(1)
    expect(await one(AppealStore).list({ accountId: 'a1' }, 10)).toHaveLength(1)
    const others = await Promise.allSettled(
      Array.from({ length: 6 }, () => one(OpenAppeal).open(tokenOf(removal), 'It was satire.')),
    )
    for (const other of others) expect(other).toMatchObject({ reason: { status: 409, slug: 'appeal-open' } })
    for (const weak of ['', 'short', 'another-secret-of-16']) {
      await expect(
        one(OpenAppeal).open(tokenOf(removal), 'It was satire.', { key: weak }),
      ).rejects.toMatchObject({ slug: 'appeal-open' })
    }
    await expect(one(OpenAppeal).open(tokenOf(removal), 'Another text', { key })).rejects.toMatchObject({
      status: 422,
      slug: 'idempotency-key-reused',
    })
    expect(appealEvents('a1')).toEqual(['appeal.opened'])
    const stored = JSON.stringify(await one(AppealStore).list({ accountId: 'a1' }, 10))
    expect(stored).not.toContain(codes[0])
    expect(stored).not.toContain(key)
    expect(await one(OpenAppeal).byCode(codes[0]!)).toMatchObject({ state: 'open' })
    await expect(one(OpenAppeal).byCode(`${codes[0]!}x`)).rejects.toMatchObject({ status: 404 })
  })

  it('of two different texts at once open one', async () => {
    const { removal } = await suspended('a2')
    const tries = await Promise.allSettled(
      Array.from({ length: 8 }, (_, i) =>
        (i % 2 ? one : two)(OpenAppeal).open(tokenOf(removal), `Text ${i}`),
      ),
    )
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await one(AppealStore).list({ accountId: 'a2' }, 10)).toHaveLength(1)
  })

  it('take no link that is not ours, was made for something else, or is too old', async () => {
    const { removal, suspension } = await suspended('a3')
    const [header, claims, signature] = tokenOf(removal).split('.')
    const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url')
    const forged = [
      '',
      'x.y.z',
      `${none}.${claims}.`,
      `${header}.${tokenOf(suspension).split('.')[1]}.${signature}`,
      `${header}.${claims}.${signature!.startsWith('A') ? 'B' : 'A'}${signature!.slice(1)}`,
    ]
    for (const token of forged) {
      await expect(one(OpenAppeal).open(token, 'text')).rejects.toMatchObject({
        status: 403,
        slug: 'bad-link',
      })
    }
    const start = clock.now()
    clock.set(new Date(start.getTime() + 184 * DAY + 1_000))
    await expect(one(OpenAppeal).open(tokenOf(removal), 'text')).rejects.toMatchObject({
      slug: 'window-over',
    })
    await one(DirectiveStore).directives.updateOne(
      { _id: removal.directiveId },
      { $set: { ownerNotifiedAt: new Date(start.getTime() + 40 * DAY) } },
    )
    clock.set(new Date(start.getTime() + 216 * DAY))
    expect(await one(OpenAppeal).open(tokenOf(removal), 'text')).toMatch(/^rc_/)
    await expect(one(OpenAppeal).open(tokenOf(suspension), 'text')).rejects.toMatchObject({
      slug: 'bad-link',
    })
    clock.set(start)
  })

  it('are claimed by one of many at once', async () => {
    const { suspension } = await suspended('a4')
    const { appealId } = await appealed('a4', suspension)
    const claims = await Promise.allSettled(
      Array.from({ length: 10 }, (_, i) => (i % 2 ? one : two)(HearAppeals).claim(appealId, `senior-${i}`)),
    )
    const won = claims.filter(({ status }) => status === 'fulfilled')
    expect(won).toHaveLength(1)
    for (const claim of claims.filter(({ status }) => status === 'rejected')) {
      expect(claim).toMatchObject({ reason: { slug: 'claimed-by-another' } })
    }
    expect(appealEvents('a4')).toEqual(['appeal.opened', 'appeal.claimed'])
  })

  it('are decided once: strike, level, measure and message undone, and all told once', async () => {
    const { suspension } = await suspended('a5')
    const { appealId, receiptCode } = await appealed('a5', suspension)
    await one(HearAppeals).claim(appealId, 'ben')
    const tries = await Promise.allSettled([
      ...Array.from({ length: 6 }, (_, i) =>
        (i % 2 ? one : two)(HearAppeals).decide(appealId, outcome('granted'), 'ben'),
      ),
      two(HearAppeals).decide(appealId, outcome('upheld'), 'ben'),
      two(HearAppeals).decide(appealId, outcome('granted'), 'eva'),
    ])
    const made = (await one(AppealStore).byId(appealId))!
    expect(made).toMatchObject({ settled: true, pending: [], openKey: null })
    if (made.state === 'granted') {
      expect(tries.slice(0, 6).every(({ status }) => status === 'fulfilled')).toBe(true)
      expect(await stateOf('a5')).toMatchObject({ status: 'active', level: 0, points: 0, pending: [] })
      const undone = directives('a5').filter(({ reverses }) => reverses)
      expect(undone.map(({ kind }) => kind).sort()).toEqual(['lift_restriction', 'restore_message'])
    }
    expect(tries[7]!.status).toBe('rejected')
    expect(appealEvents('a5').filter((kind) => kind === 'appeal.decided')).toHaveLength(1)
    const told = publisher
      .on<{ template: string }>('notices', 'a5')
      .filter(({ template }) => template === 'appeal-decided')
    expect(told).toHaveLength(1)
    expect((await one(OpenAppeal).byCode(receiptCode)).state).toBe(made.state)
    await expect(one(HearAppeals).claim(appealId, 'eva')).rejects.toMatchObject({ slug: 'appeal-decided' })
    await expect(one(OpenAppeal).withdraw(receiptCode)).rejects.toMatchObject({ slug: 'appeal-decided' })
  })

  it('are granted with reasons that fit on every message which that gives back', async () => {
    const at = clock.now()
    const messages = Array.from({ length: MAX_MESSAGES }, (_, i) => ({
      messageId: `m${i}`,
      sentAt: at,
      receivedUnder: '1',
    }))
    await one(AccountLedger).change([
      {
        platformId: 'p1',
        accountId: 'a10',
        actor: 'ann',
        messageIds: messages.map(({ messageId }) => messageId),
        make: (facts, context) => applyDecision(facts, removalOf('dec_a10', messages), context),
      },
    ])
    const limit = directives('a10').find(({ kind }) => kind === 'limit_account')!
    expect((await one(DecisionStore).byId(limit.decisionId!))!.messages).toHaveLength(1)
    const { appealId } = await appealed('a10', limit)
    await one(HearAppeals).claim(appealId, 'ben')
    const tooLong = { ...outcome('granted'), reasons: '由'.repeat(10_000) }
    const refused = await one(HearAppeals).decide(appealId, tooLong, 'ben').catch(asProblem)
    expect(refused).toMatchObject({ status: 400, errors: [{ path: '/reasons' }] })
    await one(HearAppeals).decide(appealId, outcome('granted'), 'ben')
    const restored = directives('a10').filter(({ kind }) => kind === 'restore_message')
    expect(restored).toHaveLength(MAX_MESSAGES)
  })

  it('are completed after a crash between the appeal and its account, by any instance', async () => {
    const { removal } = await suspended('a6')
    const { appealId } = await appealed('a6', removal)
    await one(HearAppeals).claim(appealId, 'ben')
    const crash = vi.spyOn(one(AccountLedger), 'change').mockRejectedValueOnce(new Error('killed'))
    await expect(one(HearAppeals).decide(appealId, outcome('granted'), 'ben')).rejects.toThrow('killed')
    crash.mockRestore()
    expect(await one(AppealStore).byId(appealId)).toMatchObject({ state: 'granted', settled: false })
    expect((await stateOf('a6')).status).toBe('suspended')
    await two(SettleAppeals).complete(-1_000)
    expect(await stateOf('a6')).toMatchObject({ status: 'active', level: 0, points: 0 })
    expect(await one(AppealStore).byId(appealId)).toMatchObject({ settled: true, pending: [] })
    const before = publisher.records.length
    await one(SettleAppeals).complete(-1_000)
    await one(HearAppeals).decide(appealId, outcome('granted'), 'ben')
    expect(publisher.records.length).toBe(before)
    const { items } = await one(ReadAccount).timeline('p1', 'a6', 50, undefined)
    const decided = { kind: 'appeal.decided', code: 'granted', by: 'ben', directiveId: removal.directiveId }
    expect(items.filter((item) => item.appealId === appealId)).toMatchObject([
      decided,
      { kind: 'appeal.opened' },
    ])
  })

  it('are completed after the broker was away, under the same ids', async () => {
    const { removal } = await suspended('a7')
    const { appealId } = await appealed('a7', removal)
    await one(HearAppeals).claim(appealId, 'ben')
    publisher.failures = 1
    await expect(one(HearAppeals).decide(appealId, outcome('granted'), 'ben')).rejects.toThrow('away')
    await two(SettleAppeals).complete(-1_000)
    await two(Relay).drain(one(AccountStore).accounts)
    expect(await stateOf('a7')).toMatchObject({ status: 'active', pending: [] })
    expect(directives('a7').filter(({ reverses }) => reverses)).toHaveLength(2)
    expect(appealEvents('a7')).toContain('appeal.decided')
  })

  it('are heard by nobody who had a part in the case', async () => {
    const { removal, suspension } = await suspended('a8')
    const decision = (await one(DecisionStore).byId(removal.decisionId!))!
    const staff = (subject: string) => ({ subject, roles: ['senior' as const] })
    await one(WorkOnCases).note(decision.caseId, staff('noter'), 'seen', 'r1')
    const reopened = { state: 'open' as const }
    await one(CaseStore).cases.updateOne({ _id: decision.caseId }, { $set: reopened })
    const caller = staff('worker')
    await one(WorkOnCases).work(decision.caseId, { action: 'claim' }, { caller, requestId: 'r2' })
    await one(WorkOnCases).work(decision.caseId, { action: 'release' }, { caller, requestId: 'r3' })
    const { appealId } = await appealed('a8', removal)
    for (const subject of ['noter', 'worker']) {
      await expect(one(HearAppeals).claim(appealId, subject)).rejects.toMatchObject({
        status: 403,
        slug: 'took-part',
      })
    }
    await one(HearAppeals).claim(appealId, 'ben')
    await one(HearAppeals).decide(appealId, outcome('upheld'), 'ben')
    const again = await appealed('a8', suspension)
    await expect(one(HearAppeals).claim(again.appealId, 'ben')).rejects.toMatchObject({ slug: 'took-part' })
    await one(HearAppeals).claim(again.appealId, 'eva')
    await one(WorkOnCases).note(decision.caseId, staff('eva'), 'now with a part', 'r4')
    await expect(one(HearAppeals).decide(again.appealId, outcome('upheld'), 'eva')).rejects.toMatchObject({
      slug: 'took-part',
    })
  })

  it('become late once, also after an outage, and give the removal back when they are upheld', async () => {
    const { removal } = await suspended('a9')
    const { appealId } = await appealed('a9', removal)
    const start = clock.now()
    await one(SettleAppeals).markLate()
    expect((await one(AppealStore).byId(appealId))!.late).toBe(false)
    clock.set(new Date(start.getTime() + 30 * DAY))
    publisher.failures = 1
    // Cut off once; what was begun with is completed below.
    await Promise.allSettled([one(SettleAppeals).markLate()])
    expect(publisher.failures).toBe(0)
    await Promise.all([one(SettleAppeals).markLate(), two(SettleAppeals).markLate()])
    await two(SettleAppeals).complete(-1_000)
    await two(Relay).drain(one(AccountStore).accounts)
    expect(await one(AppealStore).byId(appealId)).toMatchObject({ state: 'open', late: true, settled: true })
    expect(appealEvents('a9').filter((kind) => kind === 'appeal.late')).toHaveLength(1)
    const kinds = (): string[] => directives('a9').map(({ kind }) => kind)
    expect(kinds().filter((kind) => kind === 'restore_message')).toHaveLength(1)
    expect((await stateOf('a9')).points).toBe(8)
    await one(HearAppeals).claim(appealId, 'ben')
    await one(HearAppeals).decide(appealId, outcome('upheld'), 'ben')
    expect(kinds().at(-1)).toBe('remove_message')
    expect(new Set(directives('a9').map(({ directiveId }) => directiveId)).size).toBe(kinds().length)
    clock.set(start)
  })

  it('can be taken back while they are undecided', async () => {
    const { removal } = await suspended('b1')
    const { receiptCode, appealId } = await appealed('b1', removal)
    await one(HearAppeals).claim(appealId, 'ben')
    expect(await two(OpenAppeal).withdraw(receiptCode)).toMatchObject({ state: 'withdrawn' })
    await two(OpenAppeal).withdraw(receiptCode)
    await expect(one(HearAppeals).decide(appealId, outcome('granted'), 'ben')).rejects.toMatchObject({
      slug: 'appeal-decided',
    })
    expect(appealEvents('b1').filter((kind) => kind === 'appeal.withdrawn')).toHaveLength(1)
    expect(await one(OpenAppeal).open(tokenOf(removal), 'Once more')).toMatch(/^rc_/)
  })

  it('put a lesser measure in the place of a ban or a step, and refuse what is as grave', async () => {
    const { suspension } = await suspended('b2')
    const { appealId } = await appealed('b2', suspension)
    await one(HearAppeals).claim(appealId, 'ben')
    const partly = (measure: 'suspend' | 'limit' | 'remove') => ({
      outcome: 'partly_granted' as const,
      reasons: 'heard',
      replacement: { measure, until: null },
    })
    for (const measure of ['suspend', 'remove'] as const) {
      await expect(one(HearAppeals).decide(appealId, partly(measure), 'ben')).rejects.toMatchObject({
        status: 400,
        slug: 'not-lesser',
      })
    }
    await expect(
      one(HearAppeals).decide(appealId, { ...partly('limit'), outcome: 'granted' }, 'ben'),
    ).rejects.toMatchObject({ status: 400 })
    await one(HearAppeals).decide(appealId, partly('limit'), 'ben')
    await two(HearAppeals).decide(appealId, partly('limit'), 'ben')
    expect(await stateOf('b2')).toMatchObject({ status: 'limited', level: 3, points: 8 })
    const last = directives('b2').slice(-2)
    expect(last.map(({ kind }) => kind)).toEqual(['lift_restriction', 'limit_account'])
    expect(Date.parse(last[1]!.until!)).toBe(Date.parse(suspension.until!))
  })

  it('show the messages that the measure rests on, and no word of what is sealed', async () => {
    const { suspension } = await suspended('b3')
    const statement = (await one(StatementStore).byId(suspension.statementOfReasonsId!))!
    expect(await one(ReadEvidence).behind(statement)).toMatchObject([{ messageId: 'm1', text: 'a text' }])
    const subject = `statement/${statement.statementId}`
    const [viewed] = await one(AuditStore).list({ subject, actor: 'account' }, 1)
    expect(viewed!.entry).toMatchObject({ kind: 'evidence.viewed', platformId: 'p1', accountId: 'b3' })
    await one(TakeVerdicts).take([aVerdict('b4', 'm4', { at: clock.now() })], async () => undefined)
    const other = { ...statement, accountId: 'b4', facts: { ...statement.facts, messageIds: ['m1', 'm4'] } }
    expect(await one(ReadEvidence).behind(other)).toMatchObject([{ messageId: 'm4' }])
  })
})
