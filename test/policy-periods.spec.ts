import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PolicyRecord } from '#libs/contracts/policy-record'
import { policyRecordKey } from '#libs/contracts/policy-record'
import { chosenFor, isNeverWithout, reignAt, reignsOf, versionsIn } from '#libs/policy/periods'
import { propertyRuns } from '#libs/testing/property-runs.fixture'
import { openBook } from '../apps/classification/policy/policy-book.rules.js'
import { periodOf, type PublicationFacts } from '../apps/enforcement/policies/publication.store.js'
import { documentOf } from '../apps/enforcement/policies/publish-policy.js'

const RUNS = propertyRuns(1_000, 20_000)
const MINUTE = 60_000
const START = Date.parse('2026-01-01T00:00:00Z')

/** What one publication says, and how long after the one before it. */
interface Step {
  version: string
  mode: 'live' | 'shadow'
  rollout: number
  /** Minutes. */
  after: number
  lead: number
}

const step: fc.Arbitrary<Step> = fc.record({
  version: fc.constantFrom('1', '2', '3'),
  mode: fc.constantFrom('live', 'live', 'live', 'shadow'),
  rollout: fc.constantFrom(0, 20, 50, 100, 100, 100),
  after: fc.integer({ min: 0, max: 9 }),
  lead: fc.constantFrom(0, 0, 0, 3, 20),
})
const steps = fc.array(step, { minLength: 1, maxLength: 10 })

/** The first from the start of time; none takes effect before it is published. */
function historyOf(list: readonly Step[]): PublicationFacts[] {
  let now = START
  return list.map(({ version, mode, rollout, after, lead }, i) => {
    now += after * MINUTE
    return {
      publication: i + 1,
      name: 'default',
      version,
      mode,
      rollout,
      effectiveFrom: new Date(i === 0 ? 0 : now + lead * MINUTE),
      publishedAt: new Date(now),
      by: 'ben',
    }
  })
}

/** As they stand on the topic: the last record of each key, the text with the first of each version. */
function topicOf(history: readonly PublicationFacts[]): PolicyRecord[] {
  const records = history.map((facts, i) => {
    const before = history.slice(0, i).filter(({ version }) => version === facts.version)
    const document = { document: { text: facts.version }, publications: before }
    const sent = documentOf(facts, document).pending.flatMap((one) =>
      'publish' in one && one.publish === 'policy' ? [one.value] : [],
    )
    return sent[0]!
  })
  return [...new Map(records.map((record) => [policyRecordKey(record), record])).values()]
}

/** The same by other means: from the newest publication back, the first that counts at the instant and covers the account. */
function oracle(
  history: readonly PublicationFacts[],
  at: number,
  account: string | null,
): string | undefined {
  const passed = new Set<string>()
  for (const { version, mode, rollout, effectiveFrom } of history.toReversed()) {
    if (effectiveFrom.getTime() > at || passed.has(version)) continue
    passed.add(version)
    if (mode === 'live' && (rollout === 100 || (account !== null && bucketOf(version, account) < rollout)))
      return version
  }
  return undefined
}

function bucketOf(version: string, account: string): number {
  const text = JSON.stringify(['default', version, account])
  return createHash('sha256').update(text).digest().readUInt32BE(0) % 100
}

const byClassification = (history: readonly PublicationFacts[], at: number, account: string) =>
  openBook(topicOf(history)).pageAt(at).forAccount(account)?.policy
const byEnforcement = (history: readonly PublicationFacts[], at: number) =>
  chosenFor(reignAt(reignsOf(history.map(periodOf)), at), null)?.version

const instant = fc.integer({ min: -30, max: 140 }).map((minutes) => START + minutes * MINUTE)
const account = fc.integer({ min: 0, max: 40 }).map((n) => `p1/a${n}`)

describe('the policy of an instant', () => {
  it('is the one that the history says, to classification and to enforcement', () => {
    fc.assert(
      fc.property(steps, instant, account, (list, at, who) => {
        const history = historyOf(list)
        const policy = byClassification(history, at, who)
        expect(policy?.version).toBe(oracle(history, at, who))
        expect(policy?.document).toEqual(policy && { text: policy.version })
        expect(byEnforcement(history, at)).toBe(oracle(history, at, null))
        const page = openBook(topicOf(history)).pageAt(at)
        if (page.sameForAll) expect(byEnforcement(history, at)).toBe(policy?.version)
      }),
      { numRuns: RUNS },
    )
  })

  it('is the same for ever, whatever is published later', () => {
    fc.assert(
      fc.property(steps, steps, account, fc.nat(60), (before, after, who, late) => {
        const history = historyOf([...before, ...after])
        const known = history.slice(0, before.length)
        const received = known.at(-1)!.publishedAt.getTime() + late * MINUTE
        // A message that was received before the next one was published.
        fc.pre(received < history[before.length]!.publishedAt.getTime())
        expect(byClassification(history, received, who)?.version).toBe(
          byClassification(known, received, who)?.version,
        )
        expect(byEnforcement(history, received)).toBe(byEnforcement(known, received))
      }),
      { numRuns: RUNS },
    )
  })

  it('does not depend on the order in which the records come', () => {
    fc.assert(
      fc.property(steps, instant, account, fc.infiniteStream(fc.nat()), (list, at, who, order) => {
        const records = topicOf(historyOf(list))
        const shuffled = records
          .map((one) => ({ one, rank: order.next().value as number }))
          .sort((a, b) => a.rank - b.rank)
          .map(({ one }) => one)
        const of = (some: PolicyRecord[]) => openBook(some).pageAt(at).forAccount(who)?.policy.version
        expect(of(shuffled)).toBe(of(records))
      }),
      { numRuns: RUNS },
    )
  })

  it('keeps to the version, and widens a roll-out from the publication on, to more accounts and no others', () => {
    const history = historyOf([
      { version: '1', mode: 'live', rollout: 100, after: 0, lead: 0 },
      { version: '2', mode: 'live', rollout: 20, after: 10, lead: 0 },
      { version: '2', mode: 'live', rollout: 50, after: 10, lead: 0 },
      { version: '1', mode: 'live', rollout: 100, after: 10, lead: 0 },
    ])
    const accounts = Array.from({ length: 300 }, (_, i) => `p1/a${i}`)
    const covered = (minutes: number) =>
      new Set(
        accounts.filter((who) => byClassification(history, START + minutes * MINUTE, who)?.version === '2'),
      )
    const [narrow, wide] = [covered(15), covered(25)]
    expect(narrow.size).toBeGreaterThan(30)
    expect(wide.size).toBeGreaterThan(narrow.size)
    expect([...narrow].filter((who) => !wide.has(who))).toEqual([])
    expect([covered(5).size, covered(35).size]).toEqual([0, 0])
    const reigns = reignsOf(history.map(periodOf))
    expect(versionsIn(reigns, START, START + 5 * MINUTE)).toEqual(['1'])
    expect(versionsIn(reigns, START, START + 35 * MINUTE).sort()).toEqual(['1', '2'])
  })

  it('lets a later publication win from its instant on, also over one that was to begin after it', () => {
    const history = historyOf([
      { version: '1', mode: 'live', rollout: 100, after: 0, lead: 0 },
      { version: '2', mode: 'live', rollout: 100, after: 1, lead: 60 },
      { version: '3', mode: 'live', rollout: 100, after: 1, lead: 10 },
    ])
    const at = (minutes: number) => byEnforcement(history, START + minutes * MINUTE)
    expect([at(0), at(11), at(12), at(61), at(600)]).toEqual(['1', '1', '3', '3', '3'])
  })

  it('is none only where the history says so: what would leave an instant without one is found', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const history = historyOf(list)
        const from = history.at(-1)!.effectiveFrom.getTime()
        const ends = history.map(({ effectiveFrom }) => effectiveFrom.getTime()).filter((at) => at >= from)
        const always = ends.every((at) => oracle(history, at, null) !== undefined)
        expect(isNeverWithout(reignsOf(history.map(periodOf)), from)).toBe(always)
      }),
      { numRuns: RUNS },
    )
  })
})
