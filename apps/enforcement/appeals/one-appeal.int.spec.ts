import 'reflect-metadata'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Directive } from '#libs/contracts/directive'
import type { WeirEvent } from '#libs/contracts/weir-event'
import type { Caller } from '#libs/runtime/auth/caller'
import { aVerdict } from '../ledger/a-verdict.fixture.js'
import { ReadAccount } from '../accounts/read-account.js'
import { TakeVerdicts } from '../intake/take-verdicts.js'
import { AccountStore } from '../ledger/account.store.js'
import { AuditStore } from '../audit/audit.store.js'
import { TwoInstances } from '../two-instances.fixture.js'
import { AppealStore, type AppealDocument } from './appeal.store.js'
import { FollowAppeal } from './follow-appeal.js'
import { GiveFacts } from './give-facts.js'
import { HearAppeals } from './hear-appeals.js'
import { MAX_FACTS, MAX_OPENINGS } from './one-appeal.rules.js'
import { OpenAppeal } from './open-appeal.js'
import { ReadEvidence } from './read-evidence.js'
import { SettleAppeals } from './settle-appeals.js'
import { TakeUpFacts } from './take-up-facts.js'

const DAY = 86_400_000

describe('a measure, on a real MongoDB', () => {
  let instances: TwoInstances
  const one = <T>(type: new (...args: never[]) => T): T => instances.one(type)
  const two = <T>(type: new (...args: never[]) => T): T => instances.two(type)

  beforeAll(async () => {
    instances = await TwoInstances.start()
  })
  afterAll(() => instances.stop())

  const directives = (account: string): Directive[] => instances.publisher.on('directives', account)
  const events = (account: string): WeirEvent[] =>
    instances.publisher
      .on<WeirEvent>('events', account)
      .filter(({ kind }: WeirEvent) => kind.startsWith('appeal.'))
  const newest = (account: string, kind: string): Directive =>
    directives(account).findLast((one) => one.kind === kind)!
  const open = (directive: Directive, text = 'It was satire.', caller?: Caller): Promise<string> =>
    one(OpenAppeal).open(new URL(directive.appealUrl!).searchParams.get('token')!, text, {
      ...(caller ? { caller } : {}),
    })
  const appealOf = (code: string): Promise<AppealDocument> => one(OpenAppeal).byCode(code)
  const outcome = (given: 'upheld' | 'granted', reasons = 'heard') => ({
    outcome: given,
    reasons,
    replacement: null,
  })

  /** A message that removes itself and suspends its account; gives the removal. */
  async function removed(account: string): Promise<Directive> {
    const verdict = aVerdict(account, 'm1', { severity: 4, at: instances.clock.now() })
    await one(TakeVerdicts).take([verdict], async () => undefined)
    return newest(account, 'remove_message')
  }

  async function decided(account: string, given: 'upheld' | 'granted' = 'upheld', by = 'ben') {
    const removal = await removed(account)
    const code = await open(removal)
    const { _id: appealId } = await appealOf(code)
    await one(HearAppeals).claim(appealId, by)
    await one(HearAppeals).decide(appealId, outcome(given), by)
    return { removal, code, appealId }
  }

  it.each(['upheld', 'granted'] as const)(
    'whose appeal was %s takes no other, in no words',
    async (given) => {
      const { removal } = await decided(`c-${given}`, given)
      for (const text of ['It was satire.', 'In other words.']) {
        await expect(open(removal, text)).rejects.toMatchObject({
          status: 409,
          slug: 'already-decided',
          detail: expect.stringMatching(/court .*dispute settlement body/) as unknown,
        })
      }
    },
  )

  it('that is ordered anew after a late appeal is the same one', async () => {
    const removal = await removed('c1')
    const { _id: appealId } = await appealOf(await open(removal))
    const start = instances.clock.now()
    instances.clock.set(new Date(start.getTime() + 15 * DAY))
    await one(SettleAppeals).markLate()
    await one(HearAppeals).claim(appealId, 'ben')
    await one(HearAppeals).decide(appealId, outcome('upheld'), 'ben')
    const again = newest('c1', 'remove_message')
    expect(again.directiveId).not.toBe(removal.directiveId)
    await expect(open(again)).rejects.toMatchObject({ slug: 'already-decided' })
    instances.clock.set(start)
  })

  it('takes one of many appeals at once, from two instances, and five in all', async () => {
    const removal = await removed('c2')
    for (let turn = 0; turn < MAX_OPENINGS; turn++) {
      const tries = await Promise.allSettled(
        Array.from({ length: 6 }, (_, i) =>
          (i % 2 ? one : two)(OpenAppeal).open(
            new URL(removal.appealUrl!).searchParams.get('token')!,
            `Turn ${turn}, try ${i}`,
          ),
        ),
      )
      const codes = tries.flatMap((tried) => (tried.status === 'fulfilled' ? [tried.value] : []))
      expect(codes).toHaveLength(1)
      await two(OpenAppeal).withdraw(codes[0]!)
    }
    await expect(open(removal)).rejects.toMatchObject({ status: 409, slug: 'too-many-appeals' })
    expect(await one(AppealStore).list({ accountId: 'c2' }, 10)).toHaveLength(MAX_OPENINGS)
  })

  it('is not given more turns by opening and taking back at once', async () => {
    const removal = await removed('c3')
    const attempt = async (i: number): Promise<void> => {
      const use = i % 2 ? one : two
      const token = new URL(removal.appealUrl!).searchParams.get('token')!
      const code = await use(OpenAppeal).open(token, `Try ${i}`)
      await use(OpenAppeal).withdraw(code)
    }
    await Promise.allSettled(Array.from({ length: 24 }, (_, i) => attempt(i)))
    const turns = (await one(AppealStore).list({ accountId: 'c3' }, 50)).map(({ turn }) => turn)
    expect(turns.length).toBeLessThanOrEqual(MAX_OPENINGS)
    expect(new Set(turns).size).toBe(turns.length)
  })

  it('is told more about while it is heard: five times, each text once', async () => {
    const removal = await removed('c4')
    const code = await open(removal)
    const { _id: appealId } = await appealOf(code)
    await Promise.all(
      Array.from({ length: 8 }, (_, i) => (i % 2 ? one : two)(GiveFacts).give(code, 'The shop is closed.')),
    )
    for (let i = 1; i < MAX_FACTS; i++) await one(GiveFacts).give(code, `Fact ${i}`)
    await expect(one(GiveFacts).give(code, 'One more')).rejects.toMatchObject({ slug: 'too-many-facts' })
    await expect(one(GiveFacts).give(code, ' ')).rejects.toMatchObject({ status: 400 })
    await expect(one(GiveFacts).give('rc_none', 'text')).rejects.toMatchObject({ status: 404 })
    const { facts, factsWaiting } = (await one(AppealStore).byId(appealId))!
    expect(facts.map(({ text, afterDecision }) => [text, afterDecision])).toEqual([
      ['The shop is closed.', false],
      ...Array.from({ length: MAX_FACTS - 1 }, (_, i) => [`Fact ${i + 1}`, false]),
    ])
    expect(factsWaiting).toBe(false)
    await one(OpenAppeal).withdraw(code)
    await expect(one(GiveFacts).give(code, 'Late')).rejects.toMatchObject({ slug: 'appeal-withdrawn' })
    expect(events('c4').map(({ kind }) => kind)).toEqual([
      'appeal.opened',
      ...Array.from({ length: MAX_FACTS }, () => 'appeal.facts_given'),
      'appeal.withdrawn',
    ])
    expect(JSON.stringify(events('c4'))).not.toMatch(/shop|Fact 1/)
  })

  it('is heard again for new facts by a senior without a part, stands meanwhile, and is told of once more', async () => {
    const { code, appealId } = await decided('c5')
    const start = instances.clock.now()
    await expect(one(TakeUpFacts).reopen(appealId, 'eva')).rejects.toMatchObject({ slug: 'no-new-facts' })
    await one(GiveFacts).give(code, 'The witness has written.')
    expect(await one(AppealStore).list({ factsWaiting: true, accountId: 'c5' }, 10)).toHaveLength(1)
    instances.clock.set(new Date(start.getTime() + 60 * DAY))
    await one(SettleAppeals).markLate()
    expect(await appealOf(code)).toMatchObject({ state: 'upheld', late: false })
    await expect(one(TakeUpFacts).reopen(appealId, 'ben')).rejects.toMatchObject({ slug: 'took-part' })
    const tries = await Promise.allSettled(
      Array.from({ length: 6 }, (_, i) => (i % 2 ? one : two)(TakeUpFacts).reopen(appealId, `eva-${i}`)),
    )
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const reopened = await appealOf(code)
    expect(reopened).toMatchObject({ state: 'claimed', factsWaiting: false, decision: null, nextDueAt: null })
    const senior = reopened.claimedBy!
    expect(await two(TakeUpFacts).reopen(appealId, senior)).toMatchObject({ version: reopened.version })
    await expect(one(OpenAppeal).withdraw(code)).rejects.toMatchObject({ slug: 'appeal-decided' })

    instances.clock.set(new Date(start.getTime() + 120 * DAY))
    await one(SettleAppeals).markLate()
    expect((await appealOf(code)).late).toBe(false)
    // Whoever upheld it does not hear it again, also where the claim of the other has lapsed.
    await expect(one(HearAppeals).claim(appealId, 'ben')).rejects.toMatchObject({ slug: 'took-part' })
    await one(HearAppeals).decide(appealId, outcome('granted', 'heard again'), senior)
    expect(events('c5').filter(({ kind }) => kind === 'appeal.decided')).toMatchObject([
      { code: 'upheld', actor: 'ben' },
      { code: 'granted', actor: senior },
    ])
    const told = instances.publisher
      .on<{ template: string; data: { outcome: string } }>('notices', 'c5')
      .filter(({ template }) => template === 'appeal-decided')
    expect(told.map(({ data }) => data.outcome)).toEqual(['upheld', 'granted'])
    expect(directives('c5').filter(({ kind }) => kind === 'restore_message')).toHaveLength(1)
    expect((await one(AccountStore).byKey('p1/c5'))!.points).toBe(0)
    const { items } = await one(ReadAccount).timeline('p1', 'c5', 100, undefined)
    const decisions = items.filter(({ kind }) => kind === 'appeal.decided')
    expect(decisions.map(({ code, by }) => [code, by])).toEqual([
      ['granted', senior],
      ['upheld', 'ben'],
    ])
    await one(GiveFacts).give(code, 'And again.')
    await expect(one(TakeUpFacts).reopen(appealId, 'zoe')).rejects.toMatchObject({ slug: 'not-upheld' })
    instances.clock.set(start)
  })

  it('is objected to by nobody of us in the name of its owner', async () => {
    const removal = await removed('c6')
    const senior: Caller = { subject: 'sam', roles: ['senior'] }
    const both: Caller = { subject: 'sam', roles: ['senior', 'platform'], platform: 'p1' }
    const other: Caller = { subject: 'p2-machine', roles: ['platform'], platform: 'p2' }
    for (const caller of [senior, both, other]) {
      await expect(open(removal, 'text', caller)).rejects.toMatchObject({
        status: 403,
        slug: 'not-the-owner',
      })
    }
    const code = await open(removal, 'text', { subject: 'p1-machine', roles: ['platform'], platform: 'p1' })
    await expect(one(GiveFacts).give(code, 'text', senior)).rejects.toMatchObject({ slug: 'not-the-owner' })
    await expect(one(OpenAppeal).withdraw(code, senior)).rejects.toMatchObject({ slug: 'not-the-owner' })
    await one(OpenAppeal).withdraw(code)
    expect(events('c6').map(({ kind, actor }) => [kind, actor])).toEqual([
      ['appeal.opened', 'p1-machine'],
      ['appeal.withdrawn', 'account'],
    ])
  })

  it('is viewed through its link or code under the name of who is logged in', async () => {
    const removal = await removed('c7')
    const { statement } = await one(OpenAppeal).follow(new URL(removal.appealUrl!).searchParams.get('token')!)
    await one(ReadEvidence).behind(statement)
    await one(ReadEvidence).behind(statement, 'sam')
    const viewed = await one(AuditStore).list({ subject: `statement/${statement.statementId}` }, 10)
    expect(viewed.flatMap(({ entry }) => (entry.kind === 'evidence.viewed' ? [entry.actor] : []))).toEqual([
      'sam',
      'account',
    ])
    const code = await open(removal)
    await one(FollowAppeal).byCode(code, { subject: '', roles: [] })
    const { _id } = await one(FollowAppeal).byCode(code, { subject: 'sam', roles: ['senior'] })
    const followed = await one(AuditStore).list({ subject: `appeal/${_id}` }, 10)
    expect(followed.map(({ entry }) => [entry.kind, entry.actor])).toEqual([
      ['evidence.viewed', 'sam'],
      ['appeal.opened', 'account'],
    ])
  })
})
