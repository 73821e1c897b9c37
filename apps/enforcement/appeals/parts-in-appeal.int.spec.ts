import 'reflect-metadata'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Directive } from '#libs/contracts/directive'
import type { Measure } from '#libs/contracts/measures-in-force'
import { Clock } from '#libs/runtime/clock'
import { aVerdict } from '../ledger/a-verdict.fixture.js'
import { AccountLedger } from '../ledger/account-ledger.js'
import { AccountStore } from '../ledger/account.store.js'
import { applyDecision } from '../ledger/apply-decision.rules.js'
import { TakeVerdicts } from '../intake/take-verdicts.js'
import { CaseStore } from '../ledger/cases/case.store.js'
import { ReopenCase } from '../casework/reopen-case.js'
import { WorkOnCases } from '../casework/work-on-cases.js'
import { ChangeDecision } from '../casework/change-decision.js'
import { DecisionStore } from '../ledger/decisions/decision.store.js'
import { GoldenCaseStore, goldenIdOf } from '../quality/golden-case.store.js'
import { StatementStore } from '../ledger/statements/statement.store.js'
import { type RecordingPublisher, TwoInstances } from '../two-instances.fixture.js'
import { AppealStore } from './appeal.store.js'
import { HearAppeals } from './hear-appeals.js'
import { OpenAppeal } from './open-appeal.js'
import { SettleAppeals } from './settle-appeals.js'

const DAY = 86_400_000
const OF_REACH = 200_000

describe('who may hear an appeal, and what it covers, on a real MongoDB', () => {
  let instances: TwoInstances
  let publisher: RecordingPublisher
  let clock: Clock
  let accounts = 0
  let requests = 0
  let account: string
  const one = <T>(type: new (...args: never[]) => T): T => instances.one(type)
  const two = <T>(type: new (...args: never[]) => T): T => instances.two(type)

  beforeAll(async () => {
    instances = await TwoInstances.start()
    ;({ publisher, clock } = instances)
  })
  afterAll(() => instances.stop())
  beforeEach(() => {
    account = `p${accounts++}`
  })

  const took = { status: 403, slug: 'took-part' }
  const tokenIn = (appealUrl: string): string => new URL(appealUrl).searchParams.get('token')!
  const directives = (): Directive[] => publisher.on('directives', account)
  const kinds = (): string[] => directives().map(({ kind }) => kind)
  const stateOf = async () => (await one(AccountStore).byKey(`p1/${account}`))!
  const by = (subject: string) => ({
    caller: { subject, roles: ['senior' as const] },
    requestId: `r${requests++}`,
  })

  async function judged(
    messageId: string,
    severity: 1 | 2 | 3 | 4,
    over: Parameters<typeof aVerdict>[2] = {},
  ) {
    const verdict = aVerdict(account, messageId, { severity, at: clock.now(), ...over })
    await one(TakeVerdicts).take([verdict], async () => undefined)
  }
  /** A person's decision, on a case of its own. */
  async function decided(
    who: string,
    messageIds: string[],
    { clause = 'c.2', caseId = `case_${who}_${account}` } = {},
  ): Promise<string> {
    const decisionId = `dec_${who}_${requests++}`
    const decision = {
      decisionId,
      caseId,
      measure: 'remove' as const,
      clause,
      reasons: { zh: '理由', en: 'Reasons' },
      messages: messageIds.map((messageId) => ({ messageId, sentAt: clock.now(), receivedUnder: '1' })),
      verdictIds: [],
      detectors: [],
      until: null,
      notBefore: null,
    }
    await one(AccountLedger).change([
      {
        platformId: 'p1',
        accountId: account,
        actor: who,
        messageIds,
        make: (facts, context) => applyDecision(facts, decision, context),
      },
    ])
    return decisionId
  }
  /** Objects to a decision through the statement of its own on a message, and gives the appeal. */
  async function appealed(decisionId: string, messageId?: string): Promise<string> {
    const statements = await one(StatementStore).list({ platformId: 'p1', accountId: account }, 100)
    const own = statements.filter(
      (statement) =>
        statement.decisionId === decisionId &&
        !statement.reverses &&
        (!messageId || statement.facts.messageIds.includes(messageId)),
    )
    expect(own.length).toBeGreaterThan(0)
    await one(OpenAppeal).open(tokenIn(own[0]!.redress.appealUrl!), `Not so: ${decisionId}`)
    const appeals = await one(AppealStore).list({ platformId: 'p1', accountId: account }, 10)
    return appeals.find((appeal) => appeal.decisionId === decisionId)!._id
  }
  const decisionOf = (kind: Directive['kind'], messageId?: string): string =>
    directives().find((one) => one.kind === kind && (!messageId || one.messageIds.includes(messageId)))!
      .decisionId!
  async function hear(
    appealId: string,
    who: string,
    outcome: 'granted' | 'upheld' | 'partly_granted',
    measure: Measure = 'label',
  ) {
    await one(HearAppeals).claim(appealId, who)
    const replacement = outcome === 'partly_granted' ? { measure, until: null } : null
    return one(HearAppeals).decide(appealId, { outcome, reasons: 'heard', replacement }, who)
  }
  const claim = (appealId: string, who: string) => one(HearAppeals).claim(appealId, who)

  describe('a part', () => {
    it('in one automatic decision is none in another of the same case', async () => {
      for (const message of ['m1', 'm2', 'm3']) await judged(message, 1)
      const [first, second, third] = ['m1', 'm2', 'm3'].map((message) =>
        decisionOf('remove_message', message),
      )
      expect((await hear(await appealed(first!), 'ben', 'granted')).state).toBe('granted')
      expect((await hear(await appealed(second!), 'ben', 'partly_granted')).state).toBe('partly_granted')
      expect((await hear(await appealed(third!), 'ben', 'upheld')).state).toBe('upheld')
    })

    it('in an appeal that was upheld is one in what it would have undone', async () => {
      await judged('m1', 4)
      await hear(await appealed(decisionOf('suspend_account')), 'ben', 'upheld')
      await expect(claim(await appealed(decisionOf('remove_message')), 'ben')).rejects.toMatchObject(took)
    })

    it('has whoever heard the appeal in whose place a lesser measure stands, or decided what that replaced', async () => {
      await judged('m1', 2)
      const dismissed = await decided('ann', ['m1'])
      const { _id } = await hear(await appealed(dismissed), 'ben', 'partly_granted')
      const [lesser] = await one(DecisionStore).ofAccount('p1', account, 1)
      expect(lesser!.replaces!.appealId).toBe(_id)
      const again = await appealed(lesser!.decisionId)
      for (const subject of ['ann', 'ben']) await expect(claim(again, subject)).rejects.toMatchObject(took)
      await claim(again, 'eva')
    })

    it('in a strike is one in the step of the ladder that rests on it, whatever case either stands in', async () => {
      await judged('m0', 1, { outcome: 'review' })
      await decided('ann', ['m0'], { clause: 'c.3' })
      await judged('m1', 3)
      const suspension = await appealed(decisionOf('suspend_account'))
      await expect(claim(suspension, 'ann')).rejects.toMatchObject(took)
      await claim(suspension, 'ben')
    })

    it('in a strike keeps from approving the step that rests on it, and approving it from hearing about the strike', async () => {
      await judged('m1', 1, { outcome: 'review', followers: OF_REACH })
      const removal = await decided('ann', ['m1'], { clause: 'c.4' })
      const held = (await stateOf()).steps.find(({ state }) => state === 'held')!
      const reasons = 'rightly so'
      await expect(one(ChangeDecision).approve(held.decisionId, 'ann', reasons)).rejects.toMatchObject({
        status: 403,
        slug: 'own-decision',
      })
      expect((await stateOf()).status).not.toBe('suspended')
      await one(ChangeDecision).approve(held.decisionId, 'cho', reasons)
      expect((await stateOf()).status).toBe('suspended')
      const appeal = await appealed(removal)
      for (const subject of ['ann', 'cho']) await expect(claim(appeal, subject)).rejects.toMatchObject(took)
      await claim(appeal, 'ben')
      await judged('m2', 1, { followers: OF_REACH })
      await claim(await appealed(decisionOf('remove_message', 'm2')), 'cho')
    })

    it('has whoever did something in the case, and nobody whom others merely named', async () => {
      await judged('m1', 2)
      const decision = (await one(DecisionStore).byId(decisionOf('remove_message')))!
      const { caseId } = decision
      const work = (task: Parameters<WorkOnCases['work']>[1], who: string) =>
        one(WorkOnCases).work(caseId, task, by(who))
      await one(ReopenCase).reopen(caseId, by('reopener'))
      await work({ action: 'reassign', to: 'named' }, 'reassigner')
      await work({ action: 'release' }, 'releaser')
      await work({ action: 'reassign', to: 'taker' }, 'reassigner')
      await work({ action: 'claim' }, 'taker')
      await work({ action: 'snooze', until: new Date(clock.now().getTime() + DAY) }, 'snoozer')
      await work({ action: 'escalate' }, 'escalator')
      await work({ action: 'claim' }, 'extender')
      await work({ action: 'extend' }, 'extender')
      await one(WorkOnCases).note(caseId, by('noter').caller, 'seen', 'n1')
      await one(GoldenCaseStore).goldenCases.insertOne({
        _id: goldenIdOf(caseId),
        proposedBy: 'proposer',
        approvedBy: 'keeper',
      } as never)
      const appeal = await appealed(decision.decisionId)
      const people = [
        'reopener',
        'reassigner',
        'releaser',
        'taker',
        'snoozer',
        'escalator',
        'extender',
        'noter',
      ]
      for (const subject of [...people, 'proposer', 'keeper']) {
        await expect(claim(appeal, subject), subject).rejects.toMatchObject(took)
      }
      await claim(appeal, 'named')
    })

    it('has whoever worked on the cluster in whose case the decision stands', async () => {
      await judged('m1', 2, { outcome: 'review' })
      const caseId = `case_cluster_${account}`
      await one(CaseStore).cases.insertOne({
        _id: caseId,
        kind: 'cluster',
        accountId: '',
        notes: [],
        workedBy: ['worker'],
      } as never)
      const decision = await decided('ann', ['m1'], { caseId })
      const appeal = await appealed(decision)
      for (const subject of ['ann', 'worker'])
        await expect(claim(appeal, subject)).rejects.toMatchObject(took)
      await claim(appeal, 'ben')
    })
  })

  describe('an appeal against one of several decisions on one directive', () => {
    /** A message that a detector removed, and then a person for another reason. */
    async function removedTwice(): Promise<[string, string]> {
      await judged('m1', 2)
      const automated = decisionOf('remove_message')
      const decision = await decided('ann', ['m1', 'm2'])
      const statements = await one(StatementStore).list({ accountId: account }, 10)
      const removal = directives().find(({ kind }) => kind === 'remove_message')!.directiveId
      const about = statements.filter(({ directiveId }) => directiveId === removal)
      expect(about.map(({ decisionId }) => decisionId).sort()).toEqual([automated, decision].sort())
      expect(new Set(about.map(({ redress }) => redress.appealUrl)).size).toBe(2)
      const told = publisher.on<{ template: string }>('notices', account)
      expect(told.filter(({ template }) => template === 'measure-joined')).toHaveLength(1)
      return [automated, decision]
    }
    const stands = async (decisionId: string) => (await one(DecisionStore).byId(decisionId))!.state

    it.each([0, 1])(
      'undoes all of them when it is granted, and is heard by nobody of theirs (%i)',
      async (i) => {
        const both = await removedTwice()
        const appeal = await appealed(both[i]!, 'm1')
        await expect(claim(appeal, 'ann')).rejects.toMatchObject(took)
        await hear(appeal, 'ben', 'granted')
        expect(await Promise.all(both.map(stands))).toEqual(['reversed', 'reversed'])
        const restored = directives().filter(({ kind }) => kind === 'restore_message')
        expect(restored.map(({ messageIds }) => messageIds[0]).sort()).toEqual(['m1', 'm2'])
        expect(await stateOf()).toMatchObject({ points: 0, level: 0, status: 'active' })
        const { covers, undoes } = (await one(AppealStore).byId(appeal))!
        expect([...covers!].sort()).toEqual([...both].sort())
        expect([...undoes!].sort()).toEqual([...both].sort())
      },
    )

    it('covers those that join while it waits, and none that joins once it is decided', async () => {
      await judged('m1', 2)
      const automated = decisionOf('remove_message')
      const appeal = await appealed(automated)
      await claim(appeal, 'ben')
      const joined = await decided('ann', ['m1'])
      const given = { outcome: 'upheld' as const, reasons: 'heard', replacement: null }
      await one(HearAppeals).decide(appeal, given, 'ben')
      const later = await decided('cho', ['m1'])
      const { covers } = (await one(AppealStore).byId(appeal))!
      expect([...covers!].sort()).toEqual([automated, joined].sort())
      await hear(await appealed(later), 'eva', 'granted')
      expect(await Promise.all([automated, joined, later].map(stands))).toEqual(Array(3).fill('reversed'))
      expect(kinds().filter((kind) => kind === 'restore_message')).toHaveLength(1)
    })

    it('is about what is left where an operator has undone one of them', async () => {
      const [automated, decision] = await removedTwice()
      const appeal = await appealed(automated)
      await one(ChangeDecision).reverse(automated, 'dai', 'a mistake')
      expect(kinds()).not.toContain('restore_message')
      await hear(appeal, 'ben', 'granted')
      expect(await stands(decision)).toBe('reversed')
      expect(kinds().filter((kind) => kind === 'restore_message')).toHaveLength(2)
    })

    it('suspends all of them while it is late, and gives all back when it is upheld', async () => {
      const both = await removedTwice()
      const appeal = await appealed(both[0])
      const start = clock.now()
      clock.set(new Date(start.getTime() + 15 * DAY))
      await Promise.all([one(SettleAppeals).markLate(), two(SettleAppeals).markLate()])
      const restored = directives().filter(({ kind }) => kind === 'restore_message')
      expect(restored.map(({ messageIds }) => messageIds[0]).sort()).toEqual(['m1', 'm2'])
      await hear(appeal, 'ben', 'upheld')
      const removed = directives().filter(({ kind }) => kind === 'remove_message')
      expect(removed.map(({ messageIds }) => messageIds[0]).sort()).toEqual(['m1', 'm1', 'm2', 'm2'])
      const statements = await one(StatementStore).list({ accountId: account }, 20)
      const again = statements.filter(
        ({ directiveId, reverses }) => !reverses && directiveId === removed.at(-1)!.directiveId,
      )
      expect(again.length).toBeGreaterThan(0)
      clock.set(start)
    })

    it('puts one lesser measure in the place of all', async () => {
      const both = await removedTwice()
      await hear(await appealed(both[1], 'm1'), 'ben', 'partly_granted')
      expect(await Promise.all(both.map(stands))).toEqual(['reversed', 'reversed'])
      const labels = directives().filter(({ kind }) => kind === 'label_message')
      expect(labels.map(({ messageIds }) => messageIds[0]).sort()).toEqual(['m1', 'm2'])
      expect(new Set(labels.map(({ decisionId }) => decisionId)).size).toBe(1)
      expect(await stateOf()).toMatchObject({ points: 4 })
    })
  })
})
