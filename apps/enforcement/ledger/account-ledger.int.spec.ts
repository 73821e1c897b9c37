import 'reflect-metadata'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Verdict } from '#libs/contracts/verdict'
import { AuditStore } from '../audit/audit.store.js'
import { DecisionStore } from './decisions/decision.store.js'
import { ChangeDecision } from '../casework/change-decision.js'
import { DirectiveStore } from './directives/directive.store.js'
import { Relay } from '../outbox/relay.js'
import { StatementStore } from './statements/statement.store.js'
import { AccountStore, foundBy, type FoundBy } from './account.store.js'
import { aVerdict } from './a-verdict.fixture.js'
import type { TimelineItem } from '../accounts/accounts-api.js'
import { ReadAccount } from '../accounts/read-account.js'
import { StrikeStore } from './strikes/strike.store.js'
import { TakeVerdicts } from '../intake/take-verdicts.js'
import type { Directive } from '#libs/contracts/directive'
import type { WeirEvent } from '#libs/contracts/weir-event'
import { AccountLedger } from './account-ledger.js'
import { applyDecision, applyTime, type PersonsDecision } from './apply-decision.rules.js'
import { CaseEntryStore } from './cases/case-entry.store.js'
import { instantCursor } from '../store/cursor.js'
import { type RecordingPublisher, TwoInstances } from '../two-instances.fixture.js'

const removalOf = (decisionId: string, caseId: string, messageId: string, at: Date): PersonsDecision => ({
  decisionId,
  caseId,
  measure: 'remove',
  clause: 'c.1',
  reasons: { zh: '理由', en: 'Reasons' },
  messages: [{ messageId, sentAt: at, receivedUnder: '1' }],
  verdictIds: [],
  detectors: [],
  until: null,
  notBefore: null,
})

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

describe('changes of accounts, on a real MongoDB', () => {
  let instances: TwoInstances
  let publisher: RecordingPublisher
  let take: TakeVerdicts
  let other: TakeVerdicts

  beforeAll(async () => {
    instances = await TwoInstances.start()
    publisher = instances.publisher
    take = instances.one(TakeVerdicts)
    other = instances.two(TakeVerdicts)
  })
  beforeEach(() => {
    publisher.records.length = 0
  })
  afterAll(() => instances.stop())

  const store = <T>(type: new (...args: never[]) => T): T => instances.one(type)
  const noop = async (): Promise<void> => undefined

  async function counts(account: string) {
    const key = `p1/${account}`
    const strikes = await store(StrikeStore).ofAccounts([key])
    const state = (await store(AccountStore).byKey(key))!
    return {
      points: state.points,
      level: state.level,
      status: state.status,
      pending: state.pending.length,
      strikes: strikes.length,
      decisions: (await store(DecisionStore).list({ platformId: 'p1', accountId: account }, 200)).length,
      directives: (await store(DirectiveStore).list({ platformId: 'p1', accountId: account }, 200)).length,
      statements: (await store(StatementStore).list({ platformId: 'p1', accountId: account }, 200)).length,
      entries: (await store(CaseEntryStore).ofAccount('p1', account, 1_000)).length,
    }
  }

  const published = (topic: string, account: string): number => publisher.on(topic, account).length

  it('take verdicts in once, however often and wherever they come', async () => {
    const verdicts = Array.from({ length: 5 }, (_, i) => aVerdict('a1', `m${i}`, { severity: 1 }))
    await take.take(verdicts, noop)
    const once = await counts('a1')
    expect(once).toMatchObject({ points: 5, level: 2, status: 'limited', strikes: 5, entries: 5, pending: 0 })
    expect(once.directives).toBe(7)
    const records = publisher.records.length
    await take.take(verdicts, noop)
    await other.take([...verdicts].reverse(), noop)
    expect(await counts('a1')).toEqual(once)
    expect(publisher.records.length).toBe(records)
  })

  it('lose nothing and double nothing when many instances change one account at once', async () => {
    const verdicts = Array.from({ length: 40 }, (_, i) => aVerdict('a2', `m${i}`, { severity: 1 }))
    const work = verdicts.flatMap((verdict, i) => [
      () => take.take([verdict, verdicts[(i + 7) % 40]!], noop),
      () => other.take([verdict], noop),
    ])
    const worker = async (): Promise<void> => {
      for (let next = work.pop(); next; next = work.pop()) await next()
    }
    await Promise.all(Array.from({ length: 8 }, worker))
    const end = await counts('a2')
    expect(end).toMatchObject({ points: 40, level: 4, strikes: 40, entries: 40, pending: 0 })
    const directives = publisher.on<Directive>('directives', 'a2')
    expect(directives.map(({ accountSeq }) => accountSeq).sort((a, b) => a - b)).toEqual(
      directives.map((_, i) => i + 1),
    )
    expect(directives.filter(({ kind }) => kind === 'remove_message')).toHaveLength(40)
    expect(published('notices', 'a2')).toBe(directives.length)
    expect(end.statements).toBe(directives.length)
  })

  it('complete what an outage of the broker cut off, under the same ids', async () => {
    const verdicts = Array.from({ length: 3 }, (_, i) => aVerdict('a3', `m${i}`, { severity: 3 }))
    publisher.failures = 2
    await expect(take.take(verdicts, noop)).rejects.toThrow('away')
    await expect(take.take(verdicts, noop)).rejects.toThrow('away')
    const cut = await counts('a3')
    expect(cut.pending).toBeGreaterThan(0)
    await other.take(verdicts, noop)
    const end = await counts('a3')
    expect(end).toMatchObject({ points: 12, level: 3, strikes: 3, entries: 3, pending: 0 })
    expect(published('directives', 'a3')).toBe(end.directives)
    expect(published('notices', 'a3')).toBe(end.directives)
  })

  it('stand in the audit log as often as they were made known, although broker and log failed in between', async () => {
    const verdicts = [1, 2].map((n) => aVerdict('a7', `m${n}`, { severity: 3 }))
    publisher.failures = 1
    await expect(take.take([verdicts[0]!], noop)).rejects.toThrow('away')
    await instances.two(Relay).drain(store(AccountStore).accounts)
    vi.spyOn(instances.one(AuditStore), 'append').mockRejectedValueOnce(new Error('the log is away'))
    await expect(take.take([verdicts[1]!], noop)).rejects.toThrow('the log is away')
    expect((await counts('a7')).pending).toBeGreaterThan(0)
    await instances.two(Relay).drain(store(AccountStore).accounts)
    expect(await counts('a7')).toMatchObject({ strikes: 2, pending: 0 })
    const entries = (await store(AuditStore).list({ platformId: 'p1' }, 10_000))
      .filter(({ entry }) => entry.accountId === 'a7')
      .map(({ entry }) => entry.entryId)
    const events = publisher.on<WeirEvent>('events', 'a7').map(({ eventId }) => eventId)
    expect(entries.length).toBeGreaterThan(10)
    expect(entries.sort()).toEqual(events.sort())
  })

  it('are completed by the relay when the batch never comes again', async () => {
    publisher.failures = 1
    await expect(take.take([aVerdict('a4', 'm1', { severity: 4 })], noop)).rejects.toThrow('away')
    await instances.two(Relay).drain(store(AccountStore).accounts)
    expect(await counts('a4')).toMatchObject({ points: 8, status: 'suspended', pending: 0, entries: 1 })
    expect(published('directives', 'a4')).toBe(2)
  })

  it('undo what a decision did, once, and let no replay bring it back', async () => {
    const verdict = aVerdict('a5', 'm1', { severity: 3 })
    await take.take([verdict], noop)
    const [decision] = (await store(DecisionStore).list({ platformId: 'p1', accountId: 'a5' }, 10)).filter(
      ({ measure }) => measure === 'remove',
    )
    const change = instances.one(ChangeDecision)
    await change.reverse(decision!._id, 'senior', 'mistaken')
    const reversed = await counts('a5')
    expect(reversed).toMatchObject({ points: 0, level: 0, status: 'active', directives: 4, strikes: 1 })
    await expect(change.reverse(decision!._id, 'senior', 'again')).rejects.toMatchObject({ status: 409 })
    await expect(change.reverse(decision!._id, 'senior-2', 'mistaken')).rejects.toMatchObject({ status: 409 })
    await take.take([verdict], noop)
    expect(await counts('a5')).toEqual(reversed)
    await take.take([aVerdict('a5', 'm1', { severity: 4, revision: 'r2' })], noop)
    expect(await counts('a5')).toMatchObject({ points: 0, strikes: 1, directives: 5, entries: 2 })
  })

  it('keep a message removed on which somebody decides while another decision on it is reversed', async () => {
    await take.take([aVerdict('a16', 'm1', { severity: 1 })], noop)
    const made = await store(DecisionStore).list({ platformId: 'p1', accountId: 'a16' }, 10)
    const first = made.find(({ measure }) => measure === 'remove')!
    const accounts = store(AccountStore)
    const read = accounts.byKeys.bind(accounts)
    const meanwhile = vi.spyOn(accounts, 'byKeys').mockImplementationOnce(async (keys) => {
      await instances.two(AccountLedger).change([
        {
          platformId: 'p1',
          accountId: 'a16',
          actor: 'mod',
          messageIds: ['m1'],
          make: (facts, context) =>
            applyDecision(facts, removalOf('dec_a16', first.caseId, 'm1', context.now), context),
        },
      ])
      return read(keys)
    })
    await instances.one(ChangeDecision).reverse(first.decisionId, 'senior', 'mistaken')
    meanwhile.mockRestore()
    const stands = (await store(DecisionStore).byId('dec_a16'))!
    expect(stands).toMatchObject({ state: 'in_force', directiveIds: first.directiveIds })
    const kinds = publisher.on<Directive>('directives', 'a16').map(({ kind }) => kind)
    expect(kinds).toContain('remove_message')
    expect(kinds).not.toContain('restore_message')
  })

  it('answer a person who sends a request again, because no answer came, as they would have been answered', async () => {
    const change = instances.one(ChangeDecision)
    for (const [account, first] of [
      ['b1', 'approve'],
      ['b2', 'refuse'],
    ] as const) {
      await take.take([aVerdict(account, 'm1', { severity: 4, followers: null })], noop)
      const [held] = await store(DecisionStore).list({ accountId: account, state: 'held' }, 1)
      for (const ask of first === 'approve' ? (['approve', 'reverse'] as const) : [first]) {
        const answer = await change[ask](held!.decisionId, 'senior', 'Seen.')
        const records = publisher.records.length
        expect(await change[ask](held!.decisionId, 'senior', 'Seen.')).toEqual(answer)
        expect(publisher.records.length).toBe(records)
      }
    }
  })

  it('let nobody approve what has lapsed, though the clock has not rung yet', async () => {
    const { clock } = instances
    await take.take([aVerdict('a8', 'm1', { severity: 4, followers: null, at: clock.now() })], noop)
    const [held] = await store(DecisionStore).list({ accountId: 'a8', state: 'held' }, 1)
    clock.set(new Date(Date.now() + 4 * 86_400_000))
    const approval = instances.one(ChangeDecision).approve(held!.decisionId, 'senior', 'Seen.')
    await expect(approval).rejects.toMatchObject({ status: 409, slug: 'lapsed' })
    expect(await store(DecisionStore).byId(held!.decisionId)).toMatchObject({ state: 'lapsed' })
    clock.set(new Date())
  })

  it('are found by the beginning of an id or a name, page by page, in order', async () => {
    const words = ['ant', 'antelope', 'bee', 'Ant Hill', 'ＡＮＴ', 'a', 'ant-1', 'ANT hill']
    const accounts = words.map((name, i) => [i % 2 === 0 ? `s-${i}` : `ant-${i}`, name] as const)
    for (const [id, displayName] of accounts) {
      const verdict = aVerdict(id, 'm1', { severity: 1 })
      await take.take([{ ...verdict, message: { ...verdict.message, account: { displayName } } }], noop)
    }
    const accountsFound = store(AccountStore)
    for (const q of ['ant', 'ANT', 'ant h', 's-', 'zebra']) {
      const pages: string[] = []
      for (let after: FoundBy | undefined, more = true; more;) {
        const found = await accountsFound.search(q, { platformId: 'p1' }, 2, after)
        pages.push(...found.slice(0, 2).map(({ accountId }) => accountId))
        more = found.length > 2
        after = more ? foundBy(q, found[1]!) : undefined
      }
      const folded = (name: string) => name.normalize('NFKC').toLowerCase()
      const byId = accounts.filter(([id]) => id.startsWith(q)).map(([id]) => id)
      const byName = accounts
        .filter(([id, name]) => !id.startsWith(q) && folded(name).startsWith(folded(q)))
        .sort(([a, x], [b, y]) => compare(folded(x), folded(y)) || compare(a, b))
        .map(([id]) => id)
      expect(pages, q).toEqual([...byId.sort(compare), ...byName])
    }
  })

  it('stay within their size for an account that never stops, and read few of its strikes', async () => {
    const start = Date.now() - 3_600_000
    const verdicts: Verdict[] = Array.from({ length: 700 }, (_, i) =>
      aVerdict('a6', `m${i}`, { severity: 1, at: new Date(start + i) }),
    )
    await take.take(verdicts, noop)
    const state = (await store(AccountStore).byKey('p1/a6'))!
    expect(state).toMatchObject({ points: 700, level: 4 })
    expect(JSON.stringify(state).length).toBeLessThan(20_000)
    expect((await store(StrikeStore).ofAccounts(['p1/a6'])).length).toBeLessThan(200)
    expect(await store(StrikeStore).allOfAccount('p1/a6')).toHaveLength(700)
    // Once more: also what is archived is known, and nothing is a second strike.
    await other.take([verdicts[350]!, aVerdict('a6', 'm350', { revision: 'r2' })], noop)
    expect((await store(AccountStore).byKey('p1/a6'))!.points).toBe(700)
  })

  it('reverse archived strikes, and restore the others where they are needed', async () => {
    const removals = (await store(DecisionStore).list({ accountId: 'a6' }, 2_000)).filter(
      ({ measure }) => measure === 'remove',
    )
    const byMessage = new Map(removals.map((one) => [one.messages[0]!.messageId, one._id]))
    expect(byMessage.size).toBe(700)
    const change = instances.one(ChangeDecision)
    for (const i of [350, ...Array.from({ length: 40 }, (_, n) => n)]) {
      await change.reverse(byMessage.get(`m${i}`)!, 'senior', 'mistaken')
    }
    const state = (await store(AccountStore).byKey('p1/a6'))!
    expect(state).toMatchObject({ points: 659, level: 4 })
    const all = await store(StrikeStore).allOfAccount('p1/a6')
    expect(all.filter(({ reversedAt }) => reversedAt)).toHaveLength(41)
    const counting = all.filter(({ archived }) => archived === 'counting')
    expect(counting.length).toBeGreaterThan(400)
    expect(state.archived.points).toBe(counting.reduce((sum, { points }) => sum + points, 0))
  })

  it('tell the expiry of each strike once, also of archived ones and of many at one instant', async () => {
    const { clock } = instances
    const at = new Date(Date.now() - 1_000)
    const verdicts = Array.from({ length: 500 }, (_, i) => aVerdict('a9', `m${i}`, { severity: 1, at }))
    await take.take(verdicts, noop)
    publisher.records.length = 0
    clock.set(new Date(at.getTime() + 91 * 86_400_000))
    const request = { platformId: 'p1', accountId: 'a9', actor: 'system' }
    const ledger = instances.one(AccountLedger)
    const dueNow = async () =>
      ((await store(AccountStore).byKey('p1/a9'))!.nextDueAt ?? new Date(8e15)) <= clock.now()
    for (let rounds = 0; rounds < 20 && (await dueNow()); rounds++) {
      await ledger.change([{ ...request, make: (facts, context) => applyTime(facts, context) }])
    }
    clock.set(new Date())
    expect((await store(AccountStore).byKey('p1/a9'))!).toMatchObject({
      points: 0,
      level: 0,
      status: 'active',
    })
    const expired = publisher.on<WeirEvent>('events', 'a9').filter(({ kind }) => kind === 'strike.expired')
    expect(new Set(expired.map(({ strikeId }) => strikeId)).size).toBe(500)
    expect(expired).toHaveLength(500)
  })

  it('are found by an index when they are due, and so are directives', async () => {
    const { clock } = instances
    await take.take([aVerdict('a11', 'm1', { severity: 2 })], noop)
    const later = new Date(clock.now().getTime() + 400 * 86_400_000)
    const accounts = await store(AccountStore).due(later, 10_000)
    expect(accounts.map(({ accountId }) => accountId)).toContain('a11')
    const directives = await store(DirectiveStore).due(later, 10_000)
    expect(directives.map(({ accountId }) => accountId)).toContain('a11')
    // That no query scans a collection is seen when the instances are stopped.
    expect(await store(AccountStore).due(new Date(0), 10)).toEqual([])
  })

  it('have a timeline of all that happened, page by page, though hundreds of things were at one instant', async () => {
    const items: TimelineItem[] = []
    for (let after: [Date, string] | undefined, more = true; more;) {
      const page = await instances.one(ReadAccount).timeline('p1', 'a9', 50, after)
      items.push(...page.items)
      after = instantCursor(page.nextCursor ?? undefined)
      more = after !== undefined
    }
    const inOrder = [...items].sort((a, b) => b.at.getTime() - a.at.getTime() || compare(b.id, a.id))
    expect(items.map(({ id }) => id)).toEqual(inOrder.map(({ id }) => id))
    expect(new Set(items.map(({ id }) => id)).size).toBe(items.length)
    const count = (...kinds: string[]) => items.filter(({ kind }) => kinds.includes(kind)).length
    expect([count('verdict'), count('strike.added')]).toEqual([500, 500])
    const decisions = await store(DecisionStore).list({ accountId: 'a9' }, 2_000)
    expect(count('decision.made', 'decision.held')).toBe(decisions.length)
    const directives = await store(DirectiveStore).list({ accountId: 'a9' }, 2_000)
    expect(count('directive.issued')).toBe(directives.length)
  })
})
