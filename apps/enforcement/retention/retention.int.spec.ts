import 'reflect-metadata'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { AuditEntry } from '#libs/contracts/audit-record'
import type { Directive } from '#libs/contracts/directive'
import type { Verdict } from '#libs/contracts/verdict'
import { derivedId } from '#libs/contracts/ids'
import { Clock } from '#libs/runtime/clock'
import { aVerdict } from '../ledger/a-verdict.fixture.js'
import { AccountLedger } from '../ledger/account-ledger.js'
import { AccountStore } from '../ledger/account.store.js'
import {
  applyDecision,
  applyReversal,
  applyTime,
  type PersonsDecision,
} from '../ledger/apply-decision.rules.js'
import { HotAccounts } from '../intake/hot-accounts.js'
import { ReadAccount } from '../accounts/read-account.js'
import { TakeVerdicts } from '../intake/take-verdicts.js'
import { AppealStore } from '../appeals/appeal.store.js'
import { HearAppeals } from '../appeals/hear-appeals.js'
import { OpenAppeal } from '../appeals/open-appeal.js'
import { ReadEvidence } from '../appeals/read-evidence.js'
import { AuditLog } from '../audit/audit-log.js'
import { CaseEntryStore } from '../ledger/cases/case-entry.store.js'
import { CaseStore } from '../ledger/cases/case.store.js'
import { entryView } from '../casework/case-view.js'
import { DirectiveStore } from '../ledger/directives/directive.store.js'
import { FindingStore } from '../ledger/findings/finding.store.js'
import { findingRecordOf } from '../ledger/findings/finding.rules.js'
import { applyRiskFindings } from '../intake/apply-finding.rules.js'
import { StatementStore } from '../ledger/statements/statement.store.js'
import { type RecordingPublisher, TwoInstances } from '../two-instances.fixture.js'
import { EraseEvidence } from './erase-evidence.js'
import { digestOf } from '../ledger/erased-content.rules.js'
import { RetainWhatIsNeeded } from './retain-what-is-needed.js'

const DAY = 86_400_000
const WINDOW = 184 * DAY
const KEEP = 31 * DAY

describe('what is kept, on a real MongoDB', () => {
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
  beforeEach(() => clock.set(new Date()))

  const directives = (account: string): Directive[] => publisher.on('directives', account)
  const orderOf = (account: string, kind: string): Directive =>
    directives(account).find((directive) => directive.kind === kind)!
  const tokenOf = ({ appealUrl }: Directive): string => new URL(appealUrl!).searchParams.get('token')!
  const pass = (ms: number): void => clock.set(new Date(clock.now().getTime() + ms))
  const erase = async (): Promise<void> => {
    await one(RetainWhatIsNeeded).erase()
  }
  /** Time passes, and the timer does what is due. */
  const live = async (ms: number): Promise<void> => {
    pass(ms)
    for (const { platformId, accountId } of await one(AccountStore).due(clock.now(), 100))
      await one(AccountLedger).change([{ platformId, accountId, actor: 'system', make: applyTime }])
    await erase()
    await erase()
  }
  const take = (...verdicts: Verdict[]): Promise<void> =>
    one(TakeVerdicts).take(verdicts, async () => undefined)
  const entry = async (verdict: Verdict) =>
    (await one(CaseEntryStore).ofVerdicts('p1', verdict.accountId, [verdict.verdictId], 1))[0]!
  const isKept = async (verdict: Verdict) => (await entry(verdict)).erased === undefined
  /** A verdict whose message holds a word that nothing else holds, wherever a platform can put one. */
  function marked(account: string, message: string, word: string, over: Parameters<typeof aVerdict>[2] = {}) {
    const verdict = aVerdict(account, message, { at: clock.now(), text: `Say ${word} loudly`, ...over })
    verdict.message.links = [`https://${word.toLowerCase()}.example/a`]
    verdict.message.account = {
      displayName: `Name ${word}`,
      ownerRef: `owner-${word}`,
      kind: 'company',
      followers: 7,
    }
    return verdict
  }
  /** All documents of a collection; MongoDB is not to note that they were. */
  async function everything(collection: string): Promise<object[]> {
    const { db } = instances.connection()
    await db!.command({ profile: 0 })
    const all = await db!.collection(collection).find({}).toArray()
    await db!.command({ profile: 1, filter: { planSummary: 'COLLSCAN' } })
    return all
  }
  /** In which collections a word stands, in whatever case. */
  async function collectionsWith(word: string): Promise<string[]> {
    const found: string[] = []
    for (const { name } of await instances.connection().db!.listCollections().toArray()) {
      if (name.startsWith('system.')) continue
      const all = JSON.stringify(await everything(name)).toLowerCase()
      if (all.includes(word.toLowerCase())) found.push(name)
    }
    return found.sort()
  }
  async function erasures(account: string): Promise<AuditEntry[]> {
    return ((await everything('audit_log')) as { entries: AuditEntry[] }[])
      .flatMap(({ entries }) => entries)
      .filter(({ kind, accountId }) => kind === 'evidence.erased' && accountId === account)
  }
  async function decided(account: string, measure: PersonsDecision['measure'], messages: string[] = []) {
    const { openCase } = (await one(AccountStore).byKey(`p1/${account}`))!
    const decision: PersonsDecision = {
      decisionId: `dec_${account}_${measure}_${clock.now().getTime()}`,
      caseId: openCase!.caseId,
      measure,
      clause: measure === 'none' ? null : 'c.urgent',
      reasons: { zh: '理由', en: 'Reasons' },
      messages: messages.map((messageId) => ({ messageId, sentAt: clock.now(), receivedUnder: '1' })),
      verdictIds: [],
      detectors: [],
      until: null,
      notBefore: null,
    }
    await one(AccountLedger).change([
      {
        platformId: 'p1',
        accountId: account,
        actor: 'senior-1',
        messageIds: messages,
        make: (facts, context) => applyDecision(facts, decision, context),
      },
    ])
    return decision.decisionId
  }

  it('is the evidence of a measure until its window is over and 31 days have passed, then its digests', async () => {
    const verdict = marked('a1', 'm1', 'Quaxolotl', { severity: 4 })
    await take(verdict)
    const caseId = (await entry(verdict)).caseId!
    const note = { noteId: 'n1', at: clock.now(), by: 'mod', text: 'Quaxolotl again' }
    await one(CaseStore).addNote(caseId, note, clock.now())
    const code = await one(OpenAppeal).open(tokenOf(orderOf('a1', 'remove_message')), 'Quaxolotl is satire')
    const appeal = await one(OpenAppeal).byCode(code)
    await one(HearAppeals).claim(appeal._id, 'senior-2')
    await one(HearAppeals).decide(
      appeal._id,
      { outcome: 'upheld', reasons: 'heard', replacement: null },
      'senior-2',
    )
    const start = clock.now().getTime()
    expect(await collectionsWith('Quaxolotl')).toEqual(['accounts', 'appeals', 'case_entries', 'cases'])

    await live(31 * DAY)
    await live(60 * DAY)
    clock.set(new Date(start + WINDOW + KEEP - 60_000))
    await erase()
    expect(await collectionsWith('Quaxolotl')).toEqual(['accounts', 'appeals', 'case_entries', 'cases'])
    clock.set(new Date(start + WINDOW + KEEP + 60_000))
    await Promise.all([erase(), two(RetainWhatIsNeeded).erase()])
    await live(8 * DAY)
    expect(await collectionsWith('Quaxolotl')).toEqual([])

    const left = await entry(verdict)
    expect(left).toMatchObject({
      caseId,
      messageId: 'm1',
      categories: verdict.categories,
      message: { messageId: 'm1', sentAt: verdict.message.sentAt, account: { kind: 'company' } },
      erased: {
        textSha256: digestOf('Say Quaxolotl loudly'),
        linkSha256: [digestOf('https://quaxolotl.example/a')],
      },
    })
    expect(left).not.toHaveProperty('copyKeys')
    expect(await one(AppealStore).byId(appeal._id)).toMatchObject({
      state: 'upheld',
      text: '',
      textSha256: digestOf('Quaxolotl is satire'),
    })
    expect((await one(CaseStore).byId(caseId))!.notes).toMatchObject([
      { by: 'mod', text: '', textSha256: digestOf('Quaxolotl again') },
    ])
    expect(await one(AccountStore).byKey('p1/a1')).toMatchObject({
      status: 'active',
      profile: null,
      followersByDay: {},
      searchName: '',
    })
    expect((await erasures('a1')).map(({ code }) => code).sort()).toEqual([
      'appeal',
      'evidence',
      'notes',
      'profile',
    ])
    expect((await one(ReadAccount).read('p1', 'a1')).strikes).toHaveLength(1)
  })

  it('is read by everybody who read it before it was erased, as what it is', async () => {
    const verdict = marked('a2', 'm1', 'Zyrmantha', { severity: 1 })
    await take(verdict)
    const [statement] = await one(StatementStore).list({ accountId: 'a2' }, 1)
    const before = await one(CaseEntryStore).contentOf([verdict.verdictId])
    await live(WINDOW + KEEP + DAY)
    await live(1_000)
    expect(await isKept(verdict)).toBe(false)
    expect(entryView(await entry(verdict), { categories: {} })).toMatchObject({
      erasedAt: expect.any(Date) as Date,
      textSha256: digestOf('Say Zyrmantha loudly'),
      message: { messageId: 'm1' },
    })
    expect(await one(ReadEvidence).behind(statement!)).toMatchObject([
      { messageId: 'm1', text: '', isErased: true },
    ])
    expect(await one(CaseEntryStore).contentOf([verdict.verdictId])).toEqual(before)
    expect([...before.values()]).toMatchObject([{ text: true, accountKind: 'company' }])
  })

  it('is what an undecided case or objection rests on, however long that takes', async () => {
    const open = marked('a3', 'm1', 'Oxbrindle', { outcome: 'review' })
    const objected = marked('a4', 'm1', 'Plovernix', { severity: 1 })
    await take(open, objected)
    const code = await one(OpenAppeal).open(tokenOf(orderOf('a4', 'remove_message')), 'Plovernix')
    await live(400 * DAY)
    await live(400 * DAY)
    expect([await isKept(open), await isKept(objected)]).toEqual([true, true])
    await decided('a3', 'none')
    await one(OpenAppeal).withdraw(code)
    await live(KEEP - 60_000)
    expect(await collectionsWith('Plovernix')).toEqual(['accounts', 'appeals', 'case_entries'])
    await live(120_000)
    await live(1_000)
    expect(await collectionsWith('Plovernix')).toEqual([])
    // Of what led to no measure somebody may still object to that.
    await live(WINDOW - 4 * 60_000)
    expect(await isKept(open)).toBe(true)
    await live(5 * 60_000)
    expect(await isKept(open)).toBe(false)
  })

  it('is needed from when the owner was told, and for what a step of the ladder counts', async () => {
    const told = marked('a5', 'm1', 'Tolvaquin', { severity: 1 })
    const counted = marked('a6', 'm1', 'Mirplexa', { severity: 2 })
    await take(told, counted)
    const { directives: stored } = one(DirectiveStore)
    const notified = new Date(clock.now().getTime() + 90 * DAY)
    const later = marked('a6', 'm2', 'Other', { severity: 2, at: new Date(clock.now().getTime() + 60 * DAY) })
    pass(60 * DAY)
    await take(later)
    expect(directives('a6').map(({ kind }) => kind)).toContain('limit_account')
    pass(31 * DAY)
    await stored.updateMany({ accountId: 'a5' }, { $set: { ownerNotifiedAt: notified } })
    await live(WINDOW + KEEP - 91 * DAY + DAY)
    expect([await isKept(told), await isKept(counted)]).toEqual([true, true])
    await live(58 * DAY)
    expect([await isKept(told), await isKept(counted)]).toEqual([true, true])
    await live(2 * DAY)
    expect([await isKept(told), await isKept(counted)]).toEqual([true, false])
    await live(31 * DAY)
    expect(await isKept(told)).toBe(false)
  })

  it('is needed for each statement on a directive: a decision that joins one has its own', async () => {
    const verdict = marked('a12', 'm1', 'Vexaltine', { severity: 1 })
    await take(verdict)
    const removal = orderOf('a12', 'remove_message')
    const [statement] = await one(StatementStore).list({ accountId: 'a12', kinds: ['remove_message'] }, 1)
    const statementId = derivedId('sor', removal.directiveId, 'dec_joined')
    const issuedAt = new Date(clock.now().getTime() + 100 * DAY)
    const appealUntil = new Date(issuedAt.getTime() + WINDOW)
    const { redress, _id: _, ...rest } = statement!
    const joined = { ...rest, statementId, issuedAt, redress: { ...redress, appealUntil } }
    await one(StatementStore).write([{ write: 'statement', value: joined }])
    const { db } = instances.connection()
    await db!
      .collection<{ _id: string; directiveIds: string[] }>('decisions')
      .insertOne({ _id: 'dec_joined', directiveIds: [removal.directiveId] })
    await live(WINDOW + KEEP + 99 * DAY)
    expect(await isKept(verdict)).toBe(true)
    await live(2 * DAY)
    expect(await isKept(verdict)).toBe(false)
  })

  it('is who somebody is for as long as a measure is in force on them', async () => {
    const verdict = marked('a7', 'm1', 'Ubravelle', { outcome: 'review' })
    await take(verdict)
    const ban = await decided('a7', 'ban', ['m1'])
    await one(AccountLedger).change([{ platformId: 'p1', accountId: 'a7', actor: 'system', make: applyTime }])
    expect((await one(AccountStore).byKey('p1/a7'))!.status).toBe('banned')
    const answer = { at: clock.now(), text: 'Nobody said Ubravelle' }
    await instances
      .connection()
      .db!.collection<{ _id: string }>('decisions')
      .updateOne({ _id: ban }, { $set: { answer } })
    await live(31 * DAY)
    expect(await collectionsWith('Ubravelle')).toEqual(['accounts', 'case_entries', 'decisions'])
    await live(WINDOW + KEEP + DAY)
    await live(100 * DAY)
    expect(await collectionsWith('Ubravelle')).toEqual(['accounts'])
    await one(AccountLedger).change([
      {
        platformId: 'p1',
        accountId: 'a7',
        actor: 'senior-1',
        decisionIds: [ban],
        undoes: [ban],
        make: (facts, context) =>
          applyReversal(
            facts,
            ban,
            { by: 'senior-1', at: context.now, reasons: { zh: '是', en: 'x' } },
            context,
          ),
      },
    ])
    await live(8 * DAY)
    expect(await collectionsWith('Ubravelle')).toEqual([])
  })

  it('is erased once, whoever is cut off in between, and two at a time', async () => {
    const accounts = Array.from({ length: 10 }, (_, i) => `b${i}`)
    const verdicts = accounts.flatMap((account) =>
      ['m1', 'm2', 'm3'].map((message) => marked(account, message, 'Wexlanthe')),
    )
    await take(...verdicts)
    await live(100 * DAY)
    pass(WINDOW + KEEP)
    const failing = vi.spyOn(one(CaseEntryStore).erasures, 'erase').mockRejectedValue(new Error('killed'))
    await expect(erase()).rejects.toThrow('some of what is due')
    failing.mockRestore()
    expect(await collectionsWith('Wexlanthe')).toEqual(['accounts', 'case_entries'])
    pass(2 * 60_000)
    const unlogged = vi.spyOn(one(AuditLog), 'append').mockRejectedValue(new Error('killed'))
    await expect(erase()).rejects.toThrow('some of what is due')
    unlogged.mockRestore()
    pass(2 * 60_000)
    const erasing = [one(EraseEvidence), one(EraseEvidence), two(EraseEvidence), two(EraseEvidence)]
    const terms = { window: WINDOW, keepAfterAppeal: KEEP }
    let erased = 0
    // Who looks at the same moment finds the same, and only one of them has it; so they look again.
    for (let round = 0; round < verdicts.length; round++) {
      const looks = erasing.map((each) => each.look('evidence', clock.now(), terms, 20))
      for (const look of await Promise.all(looks)) erased += look.erased
    }
    expect(erased).toBe(30)
    expect(await collectionsWith('Wexlanthe')).toEqual(['accounts'])
    const profiles = [one(RetainWhatIsNeeded), one(RetainWhatIsNeeded), two(RetainWhatIsNeeded)]
    await Promise.all(profiles.map((each) => each.erase()))
    expect(await collectionsWith('Wexlanthe')).toEqual([])
    for (const account of accounts) {
      const codes = (await erasures(account)).map(({ code }) => code)
      expect(codes.sort()).toEqual(['evidence', 'evidence', 'evidence', 'profile'])
    }
  })

  it('is what a finding saw, too, with the case that it is in', async () => {
    await take(marked('a9', 'm1', 'Yondrakel', { severity: 1 }))
    const finding = findingRecordOf({
      findingId: 'fnd_1',
      kind: 'account_risk',
      category: 'fraud',
      score: 0.9,
      members: [{ platformId: 'p1', accountId: 'a9', messageIds: ['m1'] }],
      window: { from: clock.now().toISOString(), to: clock.now().toISOString() },
      edges: [{ seen: 'Yondrakel' }],
      policyVersion: '1',
    })
    await one(FindingStore).keep([finding])
    await one(AccountLedger).change([
      {
        platformId: 'p1',
        accountId: 'a9',
        actor: 'system',
        findingIds: [finding._id],
        policyVersions: ['1'],
        make: (facts, context) => applyRiskFindings(facts, [finding], context),
      },
    ])
    await live(WINDOW + KEEP + DAY)
    expect(await collectionsWith('Yondrakel')).toEqual(['accounts', 'case_entries', 'findings'])
    await decided('a9', 'none')
    await live(WINDOW + KEEP - DAY)
    expect(await collectionsWith('Yondrakel')).toEqual(['accounts', 'case_entries', 'findings'])
    await live(2 * DAY)
    await live(8 * DAY)
    expect(await collectionsWith('Yondrakel')).toEqual([])
  })

  it('is nothing of a verdict that never came into a case', async () => {
    const stray = marked('a10', 'm1', 'Jorvelund')
    await one(CaseEntryStore).keepEvidence([stray])
    await live(31 * DAY)
    expect(await collectionsWith('Jorvelund')).toEqual(['case_entries'])
    await live(16 * DAY)
    expect(await collectionsWith('Jorvelund')).toEqual([])
  })

  it('is nothing of a clear verdict', async () => {
    const clear = marked('a11', 'm1', 'Kelvonique', { outcome: 'clear' })
    await one(HotAccounts).take([clear], async () => undefined)
    expect(await collectionsWith('Kelvonique')).toEqual([])
  })
})
