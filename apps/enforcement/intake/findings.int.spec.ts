import 'reflect-metadata'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Directive } from '#libs/contracts/directive'
import type { Finding } from '#libs/contracts/finding'
import type { WeirEvent } from '#libs/contracts/weir-event'
import type { Caller } from '#libs/runtime/auth/caller'
import { asProblem } from '#libs/runtime/http/problem'
import { aVerdict } from '../ledger/a-verdict.fixture.js'
import { AccountStore } from '../ledger/account.store.js'
import { ReadAccount } from '../accounts/read-account.js'
import { StrikeStore } from '../ledger/strikes/strike.store.js'
import { TakeVerdicts } from './take-verdicts.js'
import { HearAppeals } from '../appeals/hear-appeals.js'
import { OpenAppeal } from '../appeals/open-appeal.js'
import { AppealStore } from '../appeals/appeal.store.js'
import type { CaseDocument } from '../ledger/cases/case.js'
import { CaseStore } from '../ledger/cases/case.store.js'
import { DecideCase } from '../casework/decide-case.js'
import { ReopenCase } from '../casework/reopen-case.js'
import { WorkOnCases } from '../casework/work-on-cases.js'
import { ChangeDecision } from '../casework/change-decision.js'
import { DecisionStore } from '../ledger/decisions/decision.store.js'
import { Relay } from '../outbox/relay.js'
import { StatementStore } from '../ledger/statements/statement.store.js'
import { type RecordingPublisher, TwoInstances } from '../two-instances.fixture.js'
import { aFinding } from '../casework/clusters/a-finding.fixture.js'
import { ClusterMemberStore } from '../casework/clusters/cluster-member.store.js'
import { clusterCaseId } from '../casework/clusters/cluster.rules.js'
import { DecideCluster, type GivenClusterDecision } from '../casework/clusters/decide-cluster.js'
import { ReadCluster } from '../casework/clusters/read-cluster.js'
import { TakeFindings } from './take-findings.js'

const reasons = { zh: '理由', en: 'seen' }
const remove: GivenClusterDecision = { measure: 'remove', clause: 'c.coordination', reasons }
const suspend: GivenClusterDecision = { ...remove, measure: 'suspend' }
const noop = async (): Promise<void> => undefined

describe('findings, on a real MongoDB', () => {
  let instances: TwoInstances
  let publisher: RecordingPublisher
  let requests = 0
  const one = <T>(type: new (...args: never[]) => T): T => instances.one(type)
  const two = <T>(type: new (...args: never[]) => T): T => instances.two(type)

  beforeAll(async () => {
    instances = await TwoInstances.start()
    ;({ publisher } = instances)
  })
  afterEach(() => {
    failAt = Infinity
  })
  afterAll(() => instances.stop())

  /** The broker is away from the n-th publish of now on, until this is Infinity again. */
  let failAt = Infinity
  beforeAll(() => {
    const publish = publisher.publish.bind(publisher)
    publisher.publish = async (...records) => {
      if (failAt-- <= 0) throw new Error('the broker is away')
      await publish(...records)
    }
  })

  const staff = (subject: string, ...roles: Caller['roles']): Caller => ({
    subject,
    roles: roles.length > 0 ? roles : ['senior'],
  })
  const request = (subject = 'ann', requestId = `r${requests++}`) => ({ caller: staff(subject), requestId })
  const take = (...findings: Finding[]) => one(TakeFindings).take(findings, noop)
  const directives = (account: string): Directive[] => publisher.on('directives', account)
  const eventsOn = (caseId: string): WeirEvent[] =>
    publisher.on<WeirEvent>('events').filter((event) => event.caseId === caseId)
  const kindsOn = (caseId: string): string[] => eventsOn(caseId).map(({ kind }) => kind)
  const caseOf = async (findingId: string): Promise<CaseDocument> =>
    (await one(CaseStore).byId(clusterCaseId(findingId)))!
  const accountOf = (account: string) => one(AccountStore).byKey(`p1/${account}`)
  const decided = async (...given: Parameters<DecideCluster['decide']>) =>
    (await one(DecideCluster).decide(...given)).decisions
  const decisionsOn = (caseId: string) => one(DecisionStore).list({ caseId }, 1_000)
  const named = (...accounts: string[]) => accounts.map((account) => ({ platform: 'p1', account }))
  const cluster = (prefix: string, size: number): Record<string, string[]> =>
    Object.fromEntries(Array.from({ length: size }, (_, i) => [`${prefix}-${i}`, [`${prefix}-m${i}`]]))
  /** As the timer of another instance would, some time later. */
  async function laterElsewhere(): Promise<void> {
    await longAgo()
    await two(DecideCluster).complete()
    await two(Relay).drain(one(AccountStore).accounts)
    await two(Relay).drain(one(CaseStore).cases)
  }
  /** Lets all that was done last be long ago, by the machine's clock. */
  async function longAgo(): Promise<void> {
    const long = new Date(Date.now() - 60_000)
    await one(CaseStore).cases.updateMany({}, { $set: { outboxAt: long } })
    await one(CaseStore).cases.updateMany(
      { _id: { $gte: '' }, touchedAt: { $exists: true } },
      { $set: { touchedAt: long } },
    )
    await one(AccountStore).accounts.updateMany({}, { $set: { outboxAt: long } })
  }
  async function knownWithFew(...accounts: string[]): Promise<void> {
    const verdicts = accounts.map((account) => aVerdict(account, 'known', { outcome: 'review' }))
    await one(TakeVerdicts).take(verdicts, noop)
  }

  it('on the risk of an account wait in its open case once, and act on nothing', async () => {
    const risk = aFinding('risk-1', { r1: ['w1', 'w2'] }, { kind: 'account_risk', category: 'fraud' })
    await Promise.all([take(risk, risk), two(TakeFindings).take([risk], noop), take(risk)])
    const account = (await accountOf('r1'))!
    expect(account).toMatchObject({ level: 0, points: 0, status: 'active', pending: [], steps: [] })
    const { caseId } = account.openCase!
    expect(await one(CaseStore).byId(caseId)).toMatchObject({
      state: 'open',
      categories: ['fraud'],
      severity: 2,
    })
    expect(kindsOn(caseId)).toEqual(['case.opened', 'case.entry_added'])
    expect(eventsOn(caseId)[1]).toMatchObject({ findingId: 'risk-1', code: 'account_risk', accountId: 'r1' })
    expect(await one(StrikeStore).ofAccounts(['p1/r1'])).toEqual([])
    expect(directives('r1')).toEqual([])
    await one(TakeVerdicts).take([aVerdict('r1', 'v1', { outcome: 'review' })], noop)
    expect((await accountOf('r1'))!.openCase!.caseId).toBe(caseId)
  })

  it('on the risk of an account are what a person can decide on', async () => {
    await knownWithFew('r2')
    await take(aFinding('risk-2', { r2: ['w1', 'w2'] }, { kind: 'account_risk', category: 'fraud' }))
    const { caseId } = (await accountOf('r2'))!.openCase!
    const given = { measure: 'warn' as const, clause: 'c.2', reasons, messageIds: ['w1'] }
    const other = one(DecideCase).decide(caseId, { ...given, messageIds: ['w3'] }, request())
    await expect(other).rejects.toMatchObject({ status: 400 })
    const decision = await one(DecideCase).decide(caseId, given, request())
    expect(decision).toMatchObject({ findingIds: ['risk-2'], verdictIds: [], state: 'in_force' })
    expect(decision.messages).toEqual([
      { messageId: 'w1', sentAt: new Date('2026-11-24T07:00:00.000Z'), receivedUnder: '1' },
    ])
    const [statement] = await one(StatementStore).list({ platformId: 'p1', accountId: 'r2' }, 5)
    expect(statement).toMatchObject({ automatedDetection: true, facts: { messageIds: ['w1'] } })
  })

  it('that cannot be are given up with the reason, and their neighbours are not', async () => {
    const good = aFinding('f-good', { g1: ['m1'], g2: ['m2'] })
    const problems = await take(
      aFinding('f-two', { g1: ['m1'], g2: ['m2'] }, { kind: 'account_risk' }),
      { ...good, findingId: 'f-none', members: [{ platformId: 'nowhere', accountId: 'x', messageIds: [] }] },
      { ...good, findingId: 'f-back', window: { from: good.window.to, to: good.window.from } },
      good,
    )
    expect(problems.map((problem) => problem?.slug ?? null)).toEqual([
      'not-one-account',
      'unknown-platform',
      'window-reversed',
      null,
    ])
    expect(await caseOf('f-good')).toMatchObject({ state: 'open', memberCount: 2 })
    const messages = (from: number) => Array.from({ length: 900 }, (_, i) => `m${from + i}`)
    const growing = [0, 900, 1800, 2700, 3600].map((from) => aFinding('f-large', { l1: messages(from) }))
    expect(await take(...growing)).toEqual([null, null, null, null, null])
    const [problem] = await take(aFinding('f-large', { l1: messages(4500) }))
    expect(problem).toMatchObject({ slug: 'cluster-too-large', path: '/members/0/messageIds' })
  })

  it('on coordination open one case, however often and wherever they come at once', async () => {
    const small = aFinding('c-1', { a1: ['m1'], a2: ['m2'] }, { score: 0.7 })
    const large = aFinding('c-1', { a1: ['m1', 'm3'], a2: ['m2'], a3: ['m4'] }, { score: 0.8 })
    const all = Array.from({ length: 12 }, (_, i) =>
      (i % 2 ? one : two)(TakeFindings).take([i % 3 ? small : large, i % 4 ? large : small], noop),
    )
    await Promise.all(all)
    const found = await caseOf('c-1')
    expect(found).toMatchObject({
      kind: 'cluster',
      state: 'open',
      platformId: 'p1',
      accountId: '',
      memberCount: 3,
      pending: [],
      severity: 2,
      gravest: { score: 0.8, category: 'coordination' },
    })
    expect(kindsOn(found._id).sort()).toEqual(['case.entry_added', 'case.entry_added', 'case.opened'])
    const members = await one(ClusterMemberStore).ofCase(found._id, 10)
    expect(members.map(({ accountId, messageIds }) => [accountId, messageIds.sort()])).toEqual([
      ['a1', ['m1', 'm3']],
      ['a2', ['m2']],
      ['a3', ['m4']],
    ])
    for (const account of ['a1', 'a2', 'a3']) expect(await accountOf(account)).toBeNull()
  })

  it('on coordination come to the same in any order, with any repeats, wherever they are taken', async () => {
    const version = fc.record({
      members: fc.dictionary(
        fc.constantFrom('o1', 'o2', 'o3', 'o4'),
        fc.uniqueArray(fc.constantFrom('m1', 'm2', 'm3'), { minLength: 1 }),
        { minKeys: 1 },
      ),
      score: fc.integer({ min: 0, max: 100 }).map((percent) => percent / 100),
      minutes: fc.nat(59),
    })
    const histories = fc
      .array(version, { minLength: 1, maxLength: 5 })
      .chain((all) =>
        fc.tuple(
          fc.constant(all),
          fc.shuffledSubarray([...all, ...all], { minLength: 2 * all.length }),
          fc.nat(2 * all.length),
        ),
      )
    let run = 0
    const findingOf = (
      findingId: string,
      { members, score, minutes }: typeof version extends fc.Arbitrary<infer V> ? V : never,
    ) => {
      const from = `2026-11-24T07:${String(minutes).padStart(2, '0')}:00.000Z`
      return aFinding(findingId, members, { score, window: { from, to: '2026-11-24T08:00:00.000Z' } })
    }
    const end = async (findingId: string) => {
      const { state, platformId, memberCount, categories, severity, priority, urgentSince, dueAt, gravest } =
        await caseOf(findingId)
      const members = await one(ClusterMemberStore).ofCase(clusterCaseId(findingId), 10)
      return {
        ...{ state, platformId, memberCount, categories, severity, priority, urgentSince, dueAt, gravest },
        members: members.map(({ accountId, messageIds, from, to }) => [
          accountId,
          messageIds.sort(),
          from,
          to,
        ]),
        told: kindsOn(clusterCaseId(findingId)).sort(),
      }
    }
    await fc.assert(
      fc.asyncProperty(histories, async ([all, other, cut]) => {
        const [here, there] = [`o-${run}-a`, `o-${run++}-b`]
        for (const each of all) await take(findingOf(here, each))
        await Promise.all([
          one(TakeFindings).take(
            other.slice(0, cut).map((each) => findingOf(there, each)),
            noop,
          ),
          two(TakeFindings).take(
            other.slice(cut).map((each) => findingOf(there, each)),
            noop,
          ),
        ])
        expect(await end(there)).toEqual(await end(here))
      }),
      { numRuns: 60 },
    )
  })

  it('on coordination over several platforms stand under none of them', async () => {
    const elsewhere = {
      platformId: 'p2',
      name: 'P2',
      mode: 'enforce' as const,
      contacts: [],
      registeredAt: 'x',
    }
    const { PlatformStore } = await import('../platforms/platform.store.js')
    await one(PlatformStore).add({ ...elsewhere, registeredAt: new Date().toISOString() }, [])
    const finding = aFinding('c-wide', { w1: ['m1'] })
    finding.members.push({ platformId: 'p2', accountId: 'w1', messageIds: ['m1'] })
    await take(finding)
    expect(await caseOf('c-wide')).toMatchObject({ platformId: '', memberCount: 2 })
    const made = await decided(clusterCaseId('c-wide'), remove, request())
    expect(made.map(({ platformId }) => platformId)).toEqual(['p1', 'p2'])
    for (const event of publisher.on<WeirEvent>('events')) expect(event.platformId).not.toBe('')
  })

  it('are handed out by urgency, and decided account by account with reasons of their own', async () => {
    await take(aFinding('d-1', { d1: ['m1', 'm2'], d2: ['m3'], d3: ['m4'] }))
    const caseId = clusterCaseId('d-1')
    await one(CaseStore).cases.updateMany(
      { _id: { $ne: caseId }, state: 'open' },
      { $set: { until: new Date(8e15) } },
    )
    const claimed = await one(WorkOnCases).claimNext(staff('ann'), `r${requests++}`)
    expect(claimed!._id).toBe(caseId)
    const claim = eventsOn(caseId).find(({ kind }) => kind === 'case.claimed')!
    expect([claim.subject, 'accountId' in claim, claim.platformId]).toEqual([`case/${caseId}`, false, 'p1'])

    await expect(one(DecideCluster).decide(caseId, remove, request('bob'))).rejects.toMatchObject({
      slug: 'claimed-by-another',
    })
    const wrong = { ...remove, clause: 'c.2' }
    await expect(one(DecideCluster).decide(caseId, wrong, request())).rejects.toMatchObject({ status: 400 })
    const stranger = { ...remove, accounts: named('d1', 'nobody') }
    await expect(one(DecideCluster).decide(caseId, stranger, request())).rejects.toMatchObject({
      errors: [{ path: '/accounts/1' }],
    })
    const before = await one(DecideCluster).preview(caseId, remove, staff('ann'))
    expect(before.map(({ state }) => state.points)).toEqual([4, 2, 2])
    expect(await decisionsOn(caseId)).toEqual([])

    const first = await decided(caseId, { ...remove, accounts: named('d1') }, request())
    expect(first.map(({ accountId }) => accountId)).toEqual(['d1'])
    expect(await caseOf('d-1')).toMatchObject({ state: 'claimed', assignee: 'ann', deciding: null })
    const again = request()
    const rest = await decided(caseId, remove, again)
    expect(rest.map(({ accountId }) => accountId)).toEqual(['d2', 'd3'])
    expect((await two(DecideCluster).decide(caseId, remove, again)).decisions).toEqual(rest)
    expect(await caseOf('d-1')).toMatchObject({ state: 'decided', deciding: null, pending: [] })
    // The same by the same person is what was decided, whoever else asks for it.
    expect((await two(DecideCluster).decide(caseId, remove, request())).decisions).toEqual(rest)
    const named1 = { ...remove, accounts: named('d1') }
    expect((await one(DecideCluster).decide(caseId, named1, request())).decisions).toEqual(first)
    await expect(one(DecideCluster).decide(caseId, remove, request('bob'))).rejects.toMatchObject({
      slug: 'case-decided',
    })
    const reused = one(DecideCluster).decide(caseId, { ...remove, reasons: { zh: '另', en: 'other' } }, again)
    await expect(reused).rejects.toMatchObject({ status: 422 })

    expect(
      directives('d1').flatMap(({ kind, messageIds }) => (kind === 'remove_message' ? messageIds : [])),
    ).toEqual(['m1', 'm2'])
    const [d2] = directives('d2')
    const statement = (await one(StatementStore).byId(d2!.statementOfReasonsId!))!
    expect(statement).toMatchObject({
      caseId,
      automatedDetection: true,
      automatedDecision: 'not',
      ground: { clause: 'c.coordination', category: 'coordination' },
      facts: { messageIds: ['m3'], detectors: ['coordination'] },
    })
    expect(statement.reasons.en).toBe(
      'seen\nBetween 24 November 2026 at 07:00 UTC and 24 November 2026 at 07:10 UTC the account published 1 of the messages in question, together with 2 other accounts.',
    )
    // No id that the services give has these between quotes: those are base32 and longer.
    expect(JSON.stringify([directives('d2'), statement])).not.toMatch(/"(d1|d3|m1|m2|m4)"/)
    expect(d2!.appealUrl).not.toBe(directives('d3')[0]!.appealUrl)
    expect(kindsOn(caseId).filter((kind) => kind === 'case.decided')).toHaveLength(1)
    const { items } = await one(ReadAccount).timeline('p1', 'd2', 50, undefined)
    expect(items.filter(({ kind }) => kind === 'finding')).toMatchObject([{ findingId: 'd-1', caseId }])
    const { members } = await one(ReadCluster).read(caseId)
    expect(members.map(({ decision }) => decision)).toMatchObject([
      { state: 'in_force', measure: 'remove' },
      { state: 'in_force' },
      { state: 'in_force' },
    ])
  })

  it('leave each account its own hold, reversal and appeal', async () => {
    await knownWithFew('e1', 'e2', 'e4')
    await take(aFinding('e-1', { e1: ['m1'], e2: ['m2'], e3: ['m3'], e4: ['m4'] }))
    const caseId = clusterCaseId('e-1')
    const made = await decided(caseId, suspend, request())
    expect(made.map(({ state }) => state)).toEqual(['in_force', 'in_force', 'held', 'in_force'])
    expect(await caseOf('e-1')).toMatchObject({ state: 'held' })
    expect((await accountOf('e3'))!.openCase).toBeNull()
    const [d1, d2, d3] = made
    await expect(one(ChangeDecision).approve(d3!._id, 'ann', 'yes')).rejects.toMatchObject({
      slug: 'own-decision',
    })
    await one(ChangeDecision).refuse(d3!._id, 'bob', 'no')
    await laterElsewhere()
    expect(await caseOf('e-1')).toMatchObject({ state: 'open', assignee: null })
    const [once] = await decided(caseId, suspend, request())
    expect(once).toMatchObject({ accountId: 'e3', state: 'held' })
    await one(ChangeDecision).approve(once!._id, 'bob', 'yes')
    await laterElsewhere()
    expect(await caseOf('e-1')).toMatchObject({ state: 'decided' })

    await one(ChangeDecision).reverse(d1!._id, 'bob', 'mistaken')
    await laterElsewhere()
    expect(await accountOf('e1')).toMatchObject({ status: 'active', points: 0 })
    for (const account of ['e2', 'e3', 'e4'])
      expect(await accountOf(account)).toMatchObject({ status: 'suspended', points: 2 })
    expect(await caseOf('e-1')).toMatchObject({ state: 'decided' })

    const suspension = directives('e2').find(({ kind }) => kind === 'suspend_account')!
    expect(suspension.decisionId).toBe(d2!._id)
    await one(OpenAppeal).open(new URL(suspension.appealUrl!).searchParams.get('token')!, 'We are friends.')
    const [appeal] = await one(AppealStore).list({ platformId: 'p1', accountId: 'e2' }, 1)
    for (const part of ['ann', 'bob']) {
      await expect(one(HearAppeals).claim(appeal!._id, part)).rejects.toMatchObject({ slug: 'took-part' })
    }
    await one(HearAppeals).claim(appeal!._id, 'eve')
    await one(HearAppeals).decide(
      appeal!._id,
      { outcome: 'granted', reasons: 'heard', replacement: null },
      'eve',
    )
    expect(await accountOf('e2')).toMatchObject({ status: 'active', points: 0 })
    for (const account of ['e3', 'e4'])
      expect(await accountOf(account)).toMatchObject({ status: 'suspended' })
  })

  it('see a worker on the cluster as having a part', async () => {
    await take(aFinding('h-1', { h1: ['m1'], h2: ['m2'] }))
    const caseId = clusterCaseId('h-1')
    await one(WorkOnCases).work(caseId, { action: 'claim' }, request('cid'))
    await one(WorkOnCases).work(caseId, { action: 'release' }, request('cid'))
    await one(WorkOnCases).note(caseId, staff('dan'), 'odd', 'n1')
    await one(DecideCluster).decide(caseId, remove, request())
    const token = new URL(directives('h1')[0]!.appealUrl!).searchParams.get('token')!
    await one(OpenAppeal).open(token, 'No.')
    const [appeal] = await one(AppealStore).list({ platformId: 'p1', accountId: 'h1' }, 1)
    for (const part of ['cid', 'dan', 'ann']) {
      await expect(one(HearAppeals).claim(appeal!._id, part)).rejects.toMatchObject({ slug: 'took-part' })
    }
    await one(HearAppeals).claim(appeal!._id, 'eve')
  })

  it('wait again when they grow by an account that nobody decided on', async () => {
    await take(aFinding('g-1', { k1: ['m1'], k2: ['m2'] }))
    const caseId = clusterCaseId('g-1')
    await one(DecideCluster).decide(caseId, { measure: 'none', reasons }, request())
    expect(await caseOf('g-1')).toMatchObject({ state: 'decided' })
    await take(aFinding('g-1', { k1: ['m1', 'm9'], k2: ['m2'] }))
    expect(await caseOf('g-1')).toMatchObject({ state: 'decided' })
    await Promise.all([take(aFinding('g-1', { k1: ['m1'], k3: ['m3'] })), laterElsewhere()])
    expect(await caseOf('g-1')).toMatchObject({ state: 'open', memberCount: 3 })
    expect(kindsOn(caseId).filter((kind) => kind === 'case.reopened')).toHaveLength(1)
    const rest = await decided(caseId, remove, request())
    expect(rest.map(({ accountId }) => accountId)).toEqual(['k3'])
    const reopened = request('bob')
    await one(ReopenCase).reopen(caseId, reopened)
    await two(ReopenCase).reopen(caseId, reopened)
    expect(await caseOf('g-1')).toMatchObject({ state: 'open' })
    await take(aFinding('g-1', { k1: ['m1'] }))
    expect(await caseOf('g-1')).toMatchObject({ state: 'open' })
    await one(DecideCluster).decide(caseId, { ...remove, accounts: named('k1') }, request('bob'))
    expect(await caseOf('g-1')).toMatchObject({ state: 'decided' })
  })

  it('decide nobody twice when the request comes twice at once, or two people decide at once', async () => {
    await take(aFinding('t-1', cluster('t', 30)))
    const caseId = clusterCaseId('t-1')
    const twice = request()
    const tries = await Promise.allSettled([
      ...Array.from({ length: 4 }, (_, i) =>
        (i % 2 ? one : two)(DecideCluster).decide(caseId, remove, twice),
      ),
      ...Array.from({ length: 4 }, (_, i) =>
        (i % 2 ? one : two)(DecideCluster).decide(caseId, remove, request('bob')),
      ),
      ...Array.from({ length: 4 }, (_, i) =>
        (i % 2 ? one : two)(DecideCluster).decide(caseId, remove, request()),
      ),
    ])
    for (const outcome of tries) {
      if (outcome.status === 'fulfilled') expect(outcome.value.decisions).toHaveLength(30)
      else expect(asProblem(outcome.reason)).toMatchObject({ status: 409 })
    }
    expect(tries.some(({ status }) => status === 'fulfilled')).toBe(true)
    const decisions = await decisionsOn(caseId)
    expect(decisions.map(({ accountId }) => accountId).sort()).toEqual(Object.keys(cluster('t', 30)).sort())
    for (const { accountId } of decisions) {
      expect(directives(accountId).map(({ kind }) => kind)).toEqual(['remove_message', 'warn_account'])
    }
    expect(await caseOf('t-1')).toMatchObject({ state: 'decided', deciding: null })
  })

  it('are looked after however many wait, each by one at a time', async () => {
    const caseIds = Array.from({ length: 25 }, (_, i) => clusterCaseId(`many-${i}`))
    for (const [i, caseId] of caseIds.entries()) {
      await take(aFinding(`many-${i}`, { [`many-${i}`]: ['m1'] }))
      const [held] = await decided(caseId, suspend, request())
      await one(ChangeDecision).refuse(held!._id, 'bob', 'no')
    }
    await longAgo()
    const before = new Date(Date.now() - 1_000)
    const taken = await Promise.all(
      [one, two, one, two].map((instance) => instance(CaseStore).claimStale(before)),
    )
    expect(new Set(taken.map((found) => found!._id)).size).toBe(4)
    await laterElsewhere()
    const states = await one(CaseStore).byIds(caseIds)
    expect(states.map(({ state }) => state)).toEqual(caseIds.map(() => 'open'))
  })

  it('are completed elsewhere wherever the one who took or decided them was cut off', async () => {
    for (let cut = 0; cut < 6; cut++) {
      const [id, name] = [`x-${cut}`, `x${cut}`]
      const caseId = clusterCaseId(id)
      const finding = aFinding(id, cluster(name, 45))
      failAt = cut === 0 ? 0 : Infinity
      await take(finding).catch(() => undefined)
      failAt = Infinity
      await two(TakeFindings).take([finding], noop)
      expect(await caseOf(id)).toMatchObject({ state: 'open', memberCount: 45, pending: [] })
      const decision = request()
      failAt = cut
      const outcome = await one(DecideCluster)
        .decide(caseId, remove, decision)
        .then(
          () => 'made',
          () => 'cut off',
        )
      failAt = Infinity
      expect(outcome).toBe(cut < 5 ? 'cut off' : 'made')
      if (cut === 0) await two(DecideCluster).decide(caseId, remove, decision)
      else await laterElsewhere()
      expect(await caseOf(id)).toMatchObject({ state: 'decided', deciding: null })
      expect(await decisionsOn(caseId)).toHaveLength(45)
      expect((await two(DecideCluster).decide(caseId, remove, decision)).decisions).toHaveLength(45)
      expect(await caseOf(id)).toMatchObject({ state: 'decided', deciding: null })
      const decisions = await decisionsOn(caseId)
      expect(decisions.map(({ accountId }) => accountId).sort()).toEqual(
        Object.keys(cluster(name, 45)).sort(),
      )
      for (const { accountId } of decisions) {
        expect(directives(accountId).map(({ kind }) => kind)).toEqual(['remove_message', 'warn_account'])
        expect(await accountOf(accountId)).toMatchObject({ points: 2, level: 1, pending: [] })
      }
      const kinds = kindsOn(caseId).filter((kind) => kind.startsWith('case.'))
      expect(kinds.sort()).toEqual(['case.claimed', 'case.decided', 'case.entry_added', 'case.opened'])
    }
  })
})
