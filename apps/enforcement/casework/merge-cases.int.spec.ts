import 'reflect-metadata'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { WeirEvent } from '#libs/contracts/weir-event'
import type { Caller } from '#libs/runtime/auth/caller'
import type { Role } from '#libs/runtime/auth/roles'
import { aVerdict } from '../ledger/a-verdict.fixture.js'
import { AccountStore } from '../ledger/account.store.js'
import { TakeVerdicts } from '../intake/take-verdicts.js'
import { AppealStore } from '../appeals/appeal.store.js'
import { HearAppeals } from '../appeals/hear-appeals.js'
import { OpenAppeal } from '../appeals/open-appeal.js'
import { DecisionStore } from '../ledger/decisions/decision.store.js'
import { Relay } from '../outbox/relay.js'
import { type RecordingPublisher, TwoInstances } from '../two-instances.fixture.js'
import { type CaseDocument, MAX_NOTES, partsOf } from '../ledger/cases/case.js'
import { CaseEntryStore } from '../ledger/cases/case-entry.store.js'
import { CaseStore } from '../ledger/cases/case.store.js'
import { DecideCase } from './decide-case.js'
import { MergeCases } from './merge-cases.js'
import { ReopenCase } from './reopen-case.js'
import { WorkOnCases } from './work-on-cases.js'

describe('merged cases, on a real MongoDB', () => {
  let instances: TwoInstances
  let publisher: RecordingPublisher
  let requests = 0
  let accounts = 0
  let account = ''
  const one = <T>(type: new (...args: never[]) => T): T => instances.one(type)
  const two = <T>(type: new (...args: never[]) => T): T => instances.two(type)

  beforeAll(async () => {
    instances = await TwoInstances.start()
    publisher = instances.publisher
  })
  beforeEach(() => {
    account = `a${++accounts}`
  })
  afterAll(() => instances.stop())

  const staff = (subject: string, role: Role = 'moderator'): Caller => ({ subject, roles: [role] })
  const by = (subject: string, role?: Role) => ({ caller: staff(subject, role), requestId: `r${requests++}` })
  const found = async (caseId: string): Promise<CaseDocument> => (await one(CaseStore).byId(caseId))!
  const nothing = { measure: 'none' as const, reasons: { zh: '无', en: 'nothing' }, messageIds: [] }
  const events = (): WeirEvent[] => publisher.on<WeirEvent>('events', account)

  /** The case that a verdict for review opens or joins. */
  async function waiting(messageId: string, over: Parameters<typeof aVerdict>[2] = {}): Promise<string> {
    await one(TakeVerdicts).take(
      [aVerdict(account, messageId, { outcome: 'review', clause: 'c.2', severity: 2, ...over })],
      async () => undefined,
    )
    return (await one(AccountStore).byKey(`p1/${account}`))!.openCase!.caseId
  }

  /** A decided case on `m1`, of a graver kind, and an open one on `m2`. */
  async function twoCases(): Promise<[string, string]> {
    const old = await waiting('m1', { severity: 3, category: 'violence' })
    await one(WorkOnCases).note(old, staff('noter'), 'look at the picture', `r${requests++}`)
    await one(DecideCase).decide(old, nothing, by('first'))
    return [old, await waiting('m2')]
  }

  it('become one, however many ask at once, and once', async () => {
    const [old, open] = await twoCases()
    const before = await found(open)
    const merges = await Promise.all(
      Array.from({ length: 10 }, (_, i) => (i % 2 ? one : two)(MergeCases).merge(old, open, by(`m${i}`))),
    )
    for (const merged of merges) expect(merged).toMatchObject({ _id: open, merged: [old] })
    const now = await found(open)
    expect(now).toMatchObject({
      state: 'open',
      severity: 3,
      gravest: { category: 'violence', severity: 3 },
      dueAt: before.dueAt,
      notes: [{ by: 'noter', text: 'look at the picture' }],
    })
    expect([...now.categories].sort()).toEqual(['fraud', 'violence'])
    expect(now.workedBy).toEqual(expect.arrayContaining(['first']))
    expect(now.priority).toBe((await found(old)).priority)
    expect(now.urgentSince.getTime()).toBeLessThanOrEqual(before.urgentSince.getTime())
    expect(await found(old)).toMatchObject({ state: 'closed', mergedInto: open })
    expect(events().filter(({ kind }) => kind === 'case.merged')).toMatchObject([
      { caseId: old, intoCaseId: open, subject: `case/${old}` },
    ])
    const again = await one(MergeCases).merge(old, open, { ...by('late'), ifMatch: new Set([1]) })
    expect(again).toEqual(now)
  })

  it('are not opened again by a request that comes again after they were decided anew', async () => {
    const caseId = await waiting('m1')
    await one(DecideCase).decide(caseId, nothing, by('first'))
    const reopening = by('first')
    await one(ReopenCase).reopen(caseId, reopening)
    await one(DecideCase).decide(caseId, nothing, by('second'))
    const decided = await found(caseId)
    expect(await two(ReopenCase).reopen(caseId, reopening)).toEqual(decided)
    expect(decided).toMatchObject({ state: 'decided' })
    expect(events().filter(({ kind }) => kind === 'case.reopened')).toHaveLength(1)
  })

  it('are decided on what is in either, and list what was decided in each', async () => {
    const [old, open] = await twoCases()
    const decision = {
      measure: 'warn' as const,
      clause: 'c.2',
      reasons: nothing.reasons,
      messageIds: ['m1', 'm2'],
    }
    await expect(one(DecideCase).decide(open, decision, by('second'))).rejects.toMatchObject({ status: 400 })
    const merged = await one(MergeCases).merge(old, open, by('second'))
    const made = await one(DecideCase).decide(open, decision, by('second'))
    expect(made).toMatchObject({ caseId: open, state: 'in_force' })
    const decisions = await one(DecisionStore).ofCases(partsOf(merged))
    expect(decisions.map(({ caseId }) => caseId)).toEqual([open, old])
    const entries = await one(CaseEntryStore).ofCases(partsOf(merged), 10)
    expect(entries.map(({ messageId }) => messageId).sort()).toEqual(['m1', 'm2'])
    expect(await one(CaseEntryStore).countOf(partsOf(merged))).toBe(2)
  })

  it('are completed after a crash in the middle', async () => {
    const [old, open] = await twoCases()
    const request = by('second')
    publisher.failures = 1
    await expect(one(MergeCases).merge(old, open, request)).rejects.toThrow('away')
    await two(Relay).drain(two(AccountStore).accounts)
    expect(await found(open)).toMatchObject({ merged: [old], severity: 3 })
    expect(await found(old)).toMatchObject({ state: 'closed', mergedInto: open })
    const version = (await found(open)).version
    await one(MergeCases).merge(old, open, request)
    expect((await found(open)).version).toBe(version)
    expect(events().filter(({ kind }) => kind === 'case.merged')).toHaveLength(1)
  })

  it('take with them what was merged before', async () => {
    const [first, second] = await twoCases()
    await one(MergeCases).merge(first, second, by('x'))
    await one(DecideCase).decide(second, nothing, by('x'))
    const third = await waiting('m3')
    const merged = await one(MergeCases).merge(second, third, by('x'))
    expect([...partsOf(merged)].sort()).toEqual([first, second, third].sort())
    const file = await one(CaseStore).fileOf(first)
    expect(file.map(({ _id }) => _id).sort()).toEqual([first, second, third].sort())
    const entries = await one(CaseEntryStore).ofCases(partsOf(merged), 10)
    expect(entries).toHaveLength(3)
  })

  it('of automatic decisions too: what is decided automatically later gathers anew', async () => {
    await one(TakeVerdicts).take([aVerdict(account, 'm1')], async () => undefined)
    const automated = (await one(AccountStore).byKey(`p1/${account}`))!.automatedCaseId!
    const open = await waiting('m2')
    await one(MergeCases).merge(automated, open, by('x'))
    await one(DecideCase).decide(open, nothing, by('x'))
    await one(TakeVerdicts).take([aVerdict(account, 'm3')], async () => undefined)
    const anew = (await one(AccountStore).byKey(`p1/${account}`))!.automatedCaseId!
    expect(anew).not.toBe(automated)
    expect(await one(CaseEntryStore).countOf([anew])).toBe(1)
  })

  it('have nothing more happen to them', async () => {
    const [old, open] = await twoCases()
    await one(MergeCases).merge(old, open, by('x'))
    const merged = { status: 409, slug: 'case-merged' }
    await expect(one(ReopenCase).reopen(old, by('x'))).rejects.toMatchObject(merged)
    await expect(one(WorkOnCases).note(old, staff('x'), 'late', 'late')).rejects.toMatchObject(merged)
    await expect(one(DecideCase).decide(old, nothing, by('x'))).rejects.toMatchObject({ slug: 'case-closed' })
    await one(DecideCase).decide(open, nothing, by('x'))
    const next = await waiting('m3')
    await expect(one(MergeCases).merge(old, next, by('x'))).rejects.toMatchObject(merged)
  })

  it('are of one account, one decided and the other open, and nobody else’s', async () => {
    const [old, open] = await twoCases()
    const refused = (from: string, into: string, slug: string, subject = 'x', role?: Role) =>
      expect(one(MergeCases).merge(from, into, by(subject, role))).rejects.toMatchObject({ slug })
    await refused(open, old, 'case-open')
    await refused(old, old, 'invalid-request')
    await refused(old, 'case_none', 'invalid-request')
    await refused('case_none', open, 'not-found')
    const stale = one(MergeCases).merge(old, open, { ...by('x'), ifMatch: new Set([1_000]) })
    await expect(stale).rejects.toMatchObject({ status: 412 })
    await one(WorkOnCases).work(open, { action: 'claim' }, by('holder'))
    await refused(old, open, 'claimed-by-another')
    await one(WorkOnCases).work(open, { action: 'escalate' }, by('holder'))
    await refused(old, open, 'escalated')
    const mine = account
    account = `other-of-${account}`
    const others = await waiting('m1')
    await refused(old, others, 'another-account')
    account = mine
    await one(DecideCase).decide(open, nothing, by('x', 'senior'))
    await refused(old, open, 'into-not-open')
    expect(await found(old)).toMatchObject({ state: 'decided' })
  })

  it('have no more notes together than fit in one', async () => {
    const [old, open] = await twoCases()
    const write = (caseId: string) =>
      one(WorkOnCases).note(caseId, staff('noter'), `note ${requests}`, `r${requests++}`)
    for (let written = 1; written < MAX_NOTES; written++) await write(open)
    const full = { status: 409, slug: 'too-many-notes' }
    await expect(one(MergeCases).merge(old, open, { ...by('x'), note: 'one more' })).rejects.toMatchObject(
      full,
    )
    expect((await one(MergeCases).merge(old, open, by('x'))).notes).toHaveLength(MAX_NOTES)
    await expect(write(open)).rejects.toMatchObject(full)
    const escalation = one(WorkOnCases).work(open, { action: 'escalate' }, { ...by('x'), note: 'one more' })
    await expect(escalation).rejects.toMatchObject(full)
    expect(await found(open)).toMatchObject({ state: 'open', route: 'general' })
  })

  it('are not merged while a decision on the older one waits', async () => {
    const old = await waiting('m1')
    const ban = {
      measure: 'ban' as const,
      clause: 'c.2',
      reasons: nothing.reasons,
      messageIds: ['m1'],
    }
    await one(DecideCase).decide(old, ban, by('x', 'senior'))
    const open = await waiting('m2')
    expect(open).not.toBe(old)
    await expect(one(MergeCases).merge(old, open, by('x'))).rejects.toMatchObject({ slug: 'case-held' })
  })

  it('have their appeals heard by nobody who had a part in either', async () => {
    await one(TakeVerdicts).take([aVerdict(account, 'm1', { severity: 2 })], async () => undefined)
    const automated = (await one(AccountStore).byKey(`p1/${account}`))!.automatedCaseId!
    const open = await waiting('m2')
    await one(WorkOnCases).work(open, { action: 'claim' }, by('worker'))
    await one(WorkOnCases).work(open, { action: 'release' }, by('worker'))
    await one(MergeCases).merge(automated, open, by('merger', 'senior'))
    const [removal] = publisher.on<{ appealUrl: string }>('directives', account)
    await one(OpenAppeal).open(new URL(removal!.appealUrl).searchParams.get('token')!, 'It was satire.')
    const [appeal] = await one(AppealStore).list({ accountId: account }, 1)
    expect(appeal!.caseId).toBe(automated)
    for (const subject of ['worker', 'merger']) {
      await expect(one(HearAppeals).claim(appeal!._id, subject)).rejects.toMatchObject({ slug: 'took-part' })
    }
    await one(HearAppeals).claim(appeal!._id, 'somebody-else')
  })
})
