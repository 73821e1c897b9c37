import 'reflect-metadata'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Directive } from '#libs/contracts/directive'
import type { Verdict } from '#libs/contracts/verdict'
import { aVerdict } from '../a-verdict.fixture.js'
import { AccountStore } from '../account.store.js'
import { TakeVerdicts } from '../../intake/take-verdicts.js'
import { HearAppeals } from '../../appeals/hear-appeals.js'
import { OpenAppeal } from '../../appeals/open-appeal.js'
import { SettleAppeals } from '../../appeals/settle-appeals.js'
import { CaseEntryStore } from '../cases/case-entry.store.js'
import type { CaseEntry } from '../cases/case.js'
import { ChangeDecision } from '../../casework/change-decision.js'
import { Relay } from '../../outbox/relay.js'
import { TwoInstances } from '../../two-instances.fixture.js'

describe('a text that was found wrongly judged, on a real MongoDB', () => {
  let instances: TwoInstances
  const one = <T>(type: new (...args: never[]) => T): T => instances.one(type)
  const two = <T>(type: new (...args: never[]) => T): T => instances.two(type)

  beforeAll(async () => {
    instances = await TwoInstances.start()
  })
  afterAll(() => instances.stop())

  const directives = (account: string): Directive[] => instances.publisher.on('directives', account)
  const removals = (account: string): Directive[] =>
    directives(account).filter(({ kind }) => kind === 'remove_message')
  const entryOf = async ({ accountId, messageId }: Verdict): Promise<CaseEntry> =>
    (await one(CaseEntryStore).ofMessages('p1', accountId, [messageId], 1))[0]!
  const strikesOf = (accountId: string): Promise<number> =>
    instances
      .connection()
      .db!.collection('strikes')
      .countDocuments({ accountKey: `p1/${accountId}` })
  const judged = (accountId: string, messageId: string, comparedDigest: string, clause = 'c.1'): Verdict =>
    aVerdict(accountId, messageId, { clause, comparedDigest, at: instances.clock.now() })
  const take = async (...verdicts: Verdict[]): Promise<void> =>
    two(TakeVerdicts).take(verdicts, async () => undefined)

  /** Somebody appeals against the removal of a message, and the appeal is claimed. */
  async function appealed(account: string): Promise<string> {
    const token = new URL(removals(account)[0]!.appealUrl!).searchParams.get('token')!
    const code = await one(OpenAppeal).open(token, 'It was satire.', {})
    const { _id } = await one(OpenAppeal).byCode(code)
    await one(HearAppeals).claim(_id, 'ben')
    return _id
  }
  const grant = (appealId: string): Promise<unknown> =>
    one(HearAppeals).decide(appealId, { outcome: 'granted', reasons: 'heard', replacement: null }, 'ben')

  it('is taken into a case of any other account, and of the same, and nothing is done by itself', async () => {
    await take(judged('a1', 'm1', 'T1'))
    expect(removals('a1')).toHaveLength(1)
    const appealId = await appealed('a1')
    await grant(appealId)

    const again = [judged('a1', 'm2', 'T1'), judged('a2', 'm1', 'T1')]
    await take(...again)
    expect([removals('a1').length, removals('a2').length]).toEqual([1, 0])
    expect(await strikesOf('a2')).toBe(0)
    for (const verdict of again) {
      const entry = await entryOf(verdict)
      expect(entry).toMatchObject({
        outcome: 'review',
        categories: [{ outcome: 'act' }],
        heldBack: [{ category: 'fraud', clause: 'c.1', appealId }],
      })
      const account = await one(AccountStore).byKey(`p1/${verdict.accountId}`)
      expect(entry.caseId).toBe(account!.openCase!.caseId)
    }
    await take(...again)
    expect([removals('a1').length, removals('a2').length]).toEqual([1, 0])
  })

  it('is acted on under another clause, and other texts are under the same', async () => {
    const others = [judged('a3', 'm1', 'T1', 'c.2'), judged('a3', 'm2', 'U1')]
    await take(...others)
    expect(
      removals('a3')
        .flatMap(({ messageIds }) => messageIds)
        .sort(),
    ).toEqual(['m1', 'm2'])
    for (const verdict of others) {
      const entry = await entryOf(verdict)
      expect([entry.outcome, entry.heldBack]).toEqual(['act', undefined])
    }
  })

  it('is remembered where whoever granted the appeal was cut off, and changes nothing of what was acted on before', async () => {
    await take(judged('a4', 'm1', 'T2'))
    const before = judged('a5', 'm1', 'T2')
    await take(before)
    const appealId = await appealed('a4')
    instances.publisher.failures = 1
    await expect(grant(appealId)).rejects.toThrow('the broker is away')
    await two(SettleAppeals).complete(-60_000)
    await two(Relay).drain(two(AccountStore).accounts)

    await take(before, judged('a5', 'm2', 'T2'))
    expect(removals('a5').map(({ messageIds }) => messageIds)).toEqual([['m1']])
    expect(await strikesOf('a5')).toBe(1)
    expect((await entryOf(before)).outcome).toBe('act')
  })

  it('is judged so while it waits, too', async () => {
    await take(judged('a6', 'm1', 'T3'))
    const waiting = judged('a7', 'm1', 'T3')
    await one(CaseEntryStore).keepWaiting([waiting], new Date())
    await grant(await appealed('a6'))
    await two(TakeVerdicts).takeWaiting({ platformId: 'p1', accountId: 'a7' })
    expect(removals('a7')).toEqual([])
    expect(await entryOf(waiting)).toMatchObject({ outcome: 'review', heldBack: [{ clause: 'c.1' }] })
  })

  it('is remembered too where a person takes the automated removal back', async () => {
    await take(judged('a8', 'm1', 'T4'))
    const { decisionId } = removals('a8')[0]!
    await one(ChangeDecision).reverse(decisionId!, 'ben', 'It was satire.')
    const copy = judged('a9', 'm1', 'T4')
    await take(copy)
    expect(removals('a9')).toEqual([])
    expect(await entryOf(copy)).toMatchObject({ heldBack: [{ decisionId, appealId: null }] })
  })
})
