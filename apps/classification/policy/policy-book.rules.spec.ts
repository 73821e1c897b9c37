import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PolicyRecord } from '#libs/contracts/policy-record'
import { inForceAt, openBook } from './policy-book.rules.js'

const record = (changes: Partial<PolicyRecord>): PolicyRecord => ({
  kind: 'policy',
  name: 'default',
  version: '1',
  state: 'live',
  effectiveFrom: '2026-01-01T00:00:00Z',
  rollout: 100,
  publishedAt: '2026-01-01T00:00:00Z',
  document: {},
  ...changes,
})
const at = new Date('2026-06-01T00:00:00Z')

describe('the documents in force', () => {
  it('are none without a live policy that has begun', () => {
    expect(inForceAt([], at, 'p/a')).toBeUndefined()
    expect(inForceAt([record({ state: 'shadow' })], at, 'p/a')).toBeUndefined()
    expect(inForceAt([record({ effectiveFrom: '2026-07-01T00:00:00Z' })], at, 'p/a')).toBeUndefined()
  })

  it('hold the policy that was in force when the broker received the message, whatever came later', () => {
    const versions = [
      record({ version: '1' }),
      record({ version: '2', effectiveFrom: '2026-05-01T00:00:00Z' }),
      record({ version: '3', effectiveFrom: '2026-06-02T00:00:00Z' }),
    ]
    expect(inForceAt(versions, at, 'p/a')?.policy.version).toBe('2')
  })

  it('count a bank in chunks only when every chunk is there', () => {
    const chunk = (index: number) =>
      record({
        kind: 'bank',
        name: 'words',
        version: '2',
        chunk: { index, count: 2 },
        document: { entries: [index] },
      })
    const old = record({ kind: 'bank', name: 'words', version: '1', effectiveFrom: '2025-01-01T00:00:00Z' })
    expect(inForceAt([record({}), old, chunk(1)], at, 'p/a')?.banks[0]?.version).toBe('1')
    const banks = inForceAt([record({}), old, chunk(1), chunk(0)], at, 'p/a')?.banks
    expect(banks).toHaveLength(1)
    expect(banks?.[0]).toMatchObject({ version: '2', document: { entries: [0, 1] } })
  })

  it('put a bank together that says only what changed, and skip a version whose base is missing', () => {
    const bank = (version: string, month: number, document: Record<string, unknown>) =>
      record({
        kind: 'bank',
        name: 'words',
        version,
        publication: Number(version),
        effectiveFrom: `2026-0${month}-01T00:00:00Z`,
        document: { kind: 'words', ...document },
      })
    const [a, b, c] = ['a', 'b', 'c'].map((entryId) => ({ entryId }))
    const first = bank('1', 1, { entries: [a, b] })
    const second = bank('2', 2, { base: '1', entries: [c], removed: ['a'] })
    const third = bank('3', 3, { base: '2', entries: [a], removed: [] })
    const found = (records: PolicyRecord[], on = at) => {
      const [one] = inForceAt([record({}), ...records], on, 'p/a')!.banks
      return [one?.version, one?.document?.['entries']]
    }
    expect(found([third, first, second])).toEqual(['3', [b, c, a]])
    expect(found([third, first, second], new Date('2026-02-10T00:00:00Z'))).toEqual(['2', [b, c]])
    expect(found([third, first])).toEqual(['1', [a, b]])
  })

  it('depend on the set of records, not on their order', () => {
    const versions = fc.array(
      fc.record({
        version: fc.integer({ min: 1, max: 9 }).map(String),
        effectiveFrom: fc.constantFrom(
          '2026-01-01T00:00:00Z',
          '2026-05-01T00:00:00Z',
          '2026-09-01T00:00:00Z',
        ),
        rollout: fc.constantFrom(0, 30, 100),
      }),
      { maxLength: 6 },
    )
    fc.assert(
      fc.property(versions, fc.string(), fc.infiniteStream(fc.nat()), (changes, account, order) => {
        const records = changes.map((change) => record(change))
        const shuffled = records
          .map((one) => ({ one, rank: order.next().value as number }))
          .sort((a, b) => a.rank - b.rank)
          .map(({ one }) => one)
        const same = inForceAt(shuffled, at, account)?.policy
        const policy = inForceAt(records, at, account)?.policy
        expect([same?.version, same?.effectiveFrom]).toEqual([policy?.version, policy?.effectiveFrom])
      }),
    )
  })

  it('spread a roll-out over accounts by hash, near its percentage', () => {
    const versions = [
      record({}),
      record({ version: '2', effectiveFrom: '2026-02-01T00:00:00Z', rollout: 30 }),
    ]
    const chosen = Array.from({ length: 4_000 }, (_, i) => inForceAt(versions, at, `p/${i}`)?.policy.version)
    const share = chosen.filter((version) => version === '2').length / chosen.length
    expect(share).toBeGreaterThan(0.26)
    expect(share).toBeLessThan(0.34)
  })

  it('are the same for every account and instant of a page', () => {
    const instant = fc.integer({ min: 1, max: 9 }).map((month) => `2026-0${month}-01T00:00:00Z`)
    const change = fc.record({
      kind: fc.constantFrom('policy' as const, 'bank' as const),
      version: fc.integer({ min: 1, max: 9 }).map(String),
      effectiveFrom: instant,
      rollout: fc.constantFrom(100, 100, 100, 40),
      state: fc.constantFrom('live' as const, 'live' as const, 'shadow' as const),
    })
    const days = fc.integer({ min: -40, max: 300 })
    const start = Date.parse('2026-01-01T00:00:00Z')
    fc.assert(
      fc.property(fc.array(change, { maxLength: 6 }), days, days, fc.nat(), (changes, a, b, account) => {
        const records = changes.map((one) => record(one))
        const [asked, other] = [start + a * 86_400_000, start + b * 86_400_000]
        const page = openBook(records).pageAt(asked)
        expect(page.from <= asked && asked < page.until).toBe(true)
        if (!page.sameForAll) {
          expect(changes.some(({ rollout }) => rollout < 100)).toBe(true)
          return
        }
        fc.pre(other >= page.from && other < page.until)
        expect(inForceAt(records, new Date(other), `p/${account}`)).toEqual(
          inForceAt(records, new Date(asked), 'p/asked'),
        )
      }),
      { numRuns: 1_000 },
    )
  })
})
