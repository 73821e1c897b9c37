import 'reflect-metadata'
import { pino } from 'pino'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { PolicyRecord } from '#libs/contracts/policy-record'
import { Clock } from '#libs/runtime/clock'
import { RetryableError } from '#libs/runtime/errors'
import type { CompactedTables } from '#libs/runtime/kafka/compacted-table'
import { normalise } from '#libs/text/normalise'
import { defaultDocuments } from './default-judge.fixture.js'
import { Lexicon } from './detectors/lexicon.js'
import { Judges } from './judges.js'

const record = (changes: Partial<PolicyRecord>): PolicyRecord => ({
  ...{ kind: 'bank', name: 'words', version: '1', state: 'live', rollout: 100 },
  ...{ effectiveFrom: '2026-01-01T00:00:00Z', publishedAt: '2026-01-01T00:00:00Z' },
  ...changes,
})
const POLICY = record({ kind: 'policy', name: 'default', document: defaultDocuments().policy })
const wordsOf = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    ...{ entryId: `be_${i}`, id: 'fraud/x', category: 'fraud', score: 0.9, act: false },
    terms: [`term number ${i}`],
  }))
const bank = (version: string, effectiveFrom: string, entries: readonly object[]) =>
  record({ version, publication: Number(version), effectiveFrom, document: { kind: 'words', entries } })

/** Judges of a topic to which the test publishes. */
function published(...records: PolicyRecord[]) {
  const rows = new Map(records.map((one) => [`${one.name} ${one.version}`, one]))
  let told = (): void => undefined
  const table = { onChange: (listener: () => void) => (told = listener), entries: () => rows.entries() }
  const clock = new Clock()
  const now = vi.spyOn(clock, 'now').mockReturnValue(new Date('2026-02-01T00:00:00Z'))
  const tables = { open: () => table } as unknown as CompactedTables
  const judges = new Judges(tables, clock, pino({ level: 'silent' }))
  const publish = (one: PolicyRecord): void => {
    rows.set(`${one.name} ${one.version}`, one)
    told()
  }
  return { judges, publish, clock: now }
}

const at = (receivedAt: string) => ({ platformId: 'p1', accountId: 'a', receivedAt })
const finds = (lexicon: Lexicon, text: string) => lexicon.match(normalise(text)).length > 0

describe('judges', () => {
  afterEach(() => vi.restoreAllMocks())

  it('are built before a message needs them, also those that are scheduled', async () => {
    const { judges, publish } = published(POLICY)
    const builds = vi.spyOn(Lexicon, 'building')
    const grows = vi.spyOn(Lexicon.prototype, 'growing')
    publish(bank('1', '2026-01-01T00:00:00Z', wordsOf(3)))
    publish(bank('2', '2026-02-01T00:00:10Z', wordsOf(4)))
    await vi.waitFor(() => expect([builds.mock.calls.length, grows.mock.calls.length]).toEqual([1, 1]))
    await new Promise((resolve) => setImmediate(resolve))
    const [now, soon] = ['2026-02-01T00:00:01Z', '2026-02-01T00:00:11Z'].map((one) => judges.judgeOf(at(one)))
    expect([builds.mock.calls.length, grows.mock.calls.length]).toEqual([1, 1])
    expect([now!.bankVersions, soon!.bankVersions]).toEqual([{ words: '1' }, { words: '2' }])
    expect([finds(now!.lexicon, 'term number 3'), finds(soon!.lexicon, 'term number 3')]).toEqual([
      false,
      true,
    ])
  })

  it('are built in slices, between which others have their turn', async () => {
    const { judges } = published(POLICY, bank('1', '2026-01-01T00:00:00Z', wordsOf(20_000)))
    let [turns, isOver] = [0, false]
    void judges.prepare(new Date('2026-02-01T00:00:00Z')).finally(() => (isOver = true))
    while (!isOver) {
      await new Promise((resolve) => setImmediate(resolve))
      turns++
    }
    expect(turns).toBeGreaterThan(5)
    const grows = vi.spyOn(Lexicon, 'building')
    expect(finds(judges.judgeOf(at('2026-02-01T00:00:00Z')).lexicon, 'term number 19999')).toBe(true)
    expect(grows).not.toHaveBeenCalled()
  })

  it('are finished at once for a message that comes while they are built', async () => {
    const { judges } = published(POLICY, bank('1', '2026-01-01T00:00:00Z', wordsOf(20_000)))
    const builds = vi.spyOn(Lexicon, 'building')
    const preparing = judges.prepare(new Date('2026-02-01T00:00:00Z'))
    await new Promise((resolve) => setImmediate(resolve))
    const judge = judges.judgeOf(at('2026-02-01T00:00:00Z'))
    expect(finds(judge.lexicon, 'term number 19999')).toBe(true)
    await preparing
    expect(judges.judgeOf(at('2026-02-01T00:00:00Z'))).toBe(judge)
    expect(builds.mock.calls.length).toBe(1)
  })

  it('are built on by all messages that wait for one, in slices', () => {
    const { judges } = published(POLICY, bank('1', '2026-01-01T00:00:00Z', wordsOf(2_000)))
    const builds = vi.spyOn(Lexicon, 'building')
    const waiting = [1, 2, 3].map(() => judges.judging(at('2026-02-01T00:00:00Z')))
    const found = new Set<unknown>()
    let turns = 0
    for (; found.size === 0 || turns % 3 !== 0; turns++) {
      const { done, value } = waiting[turns % 3]!.next()
      if (done) found.add(value)
    }
    for (const one of waiting) {
      const last = one.next()
      if (last.value) found.add(last.value)
    }
    expect([builds.mock.calls.length, found.size, turns > 10]).toEqual([1, 1, true])
  })

  it('that are over before they are built are left', async () => {
    const { judges, clock } = published(
      ...[POLICY, bank('1', '2026-01-01T00:00:00Z', wordsOf(20_000))],
      bank('2', '2026-02-01T00:00:02Z', wordsOf(1)),
    )
    const preparing = judges.prepare(new Date('2026-02-01T00:00:00Z'))
    clock.mockReturnValue(new Date('2026-02-01T00:00:03Z'))
    await preparing
    const builds = vi.spyOn(Lexicon, 'building')
    expect(judges.judgeOf(at('2026-02-01T00:00:03Z')).bankVersions).toEqual({ words: '2' })
    expect(builds).not.toHaveBeenCalled()
    expect(finds(judges.judgeOf(at('2026-02-01T00:00:01Z')).lexicon, 'term number 19999')).toBe(true)
    expect(builds).toHaveBeenCalled()
  })

  it('are kept as long as their words are not too many together', () => {
    const parts = new Map<Lexicon, { patterns: number }[]>()
    vi.spyOn(Lexicon.prototype, 'parts', 'get').mockImplementation(function (this: Lexicon) {
      if (!parts.has(this)) parts.set(this, [{ patterns: 60_000 }])
      return parts.get(this)!
    })
    const anew = (n: number) => wordsOf(n).map(({ entryId: _, ...entry }) => entry)
    const { judges } = published(
      POLICY,
      ...[1, 2, 3].map((n) => bank(String(n), `2026-01-0${n}T00:00:00Z`, anew(n))),
    )
    const builds = vi.spyOn(Lexicon, 'building')
    const judged = (day: number) => judges.judgeOf(at(`2026-01-0${day}T12:00:00Z`))
    for (const day of [1, 2, 1, 2]) judged(day)
    expect(builds.mock.calls.length).toBe(2)
    for (const day of [3, 2, 3]) judged(day)
    expect(builds.mock.calls.length).toBe(3)
    expect(judged(1).bankVersions).toEqual({ words: '1' })
    expect(builds.mock.calls.length).toBe(4)
  })

  it('that cannot be built are told to each message, and the next version judges', async () => {
    const { judges, publish } = published(POLICY)
    publish(bank('1', '2026-01-01T00:00:00Z', [{ entryId: 'be_1', id: 'Not an id' }]))
    for (let i = 0; i < 2; i++) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      expect(() => judges.judgeOf(at('2026-02-01T00:00:00Z'))).toThrow(RetryableError)
    }
    publish(bank('2', '2026-01-01T00:00:00Z', wordsOf(1)))
    expect(judges.judgeOf(at('2026-02-01T00:00:00Z')).bankVersions).toEqual({ words: '2' })
  })
})
