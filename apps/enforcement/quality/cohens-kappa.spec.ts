import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { propertyRuns } from '#libs/testing/property-runs.fixture'
import { agreementOf, type Judged } from './cohens-kappa.js'

const fromTable = (table: number[][]): Judged[] =>
  table.flatMap((row, i) => row.map((n, j) => ({ first: `${i}`, second: `${j}`, n })))

const table = fc.integer({ min: 1, max: 6 }).chain((size) =>
  fc.array(fc.array(fc.nat(50), { minLength: size, maxLength: size }), {
    minLength: size,
    maxLength: size,
  }),
)

describe('Cohen’s kappa', () => {
  it('is that of the worked example of Cohen (1960): p_o .70, p_e .41', () => {
    const { n, agreed, observed, kappa } = agreementOf(
      fromTable([
        [88, 14, 18],
        [10, 40, 10],
        [2, 6, 12],
      ]),
    )
    expect({ n, agreed, observed }).toEqual({ n: 200, agreed: 140, observed: 0.7 })
    expect(kappa).toBeCloseTo(0.492, 3)
  })

  it('tells apart what agrees as often, by what chance would do', () => {
    // 50 proposals: both agree on 35 (p_o .70), by chance on half of them.
    expect(
      agreementOf(
        fromTable([
          [20, 5],
          [10, 15],
        ]),
      ).kappa,
    ).toBeCloseTo(0.4, 12)
    expect(
      agreementOf(
        fromTable([
          [45, 15],
          [25, 15],
        ]),
      ).kappa,
    ).toBeCloseTo(0.1304, 4)
    expect(
      agreementOf(
        fromTable([
          [25, 35],
          [5, 35],
        ]),
      ).kappa,
    ).toBeCloseTo(0.2593, 4)
  })

  it('is 1 for full agreement on more than one class, and undefined on one', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 8 }), (counts) => {
        const same = counts.map((n, i) => ({ first: `${i}`, second: `${i}`, n }))
        const { observed, kappa } = agreementOf(same)
        expect(observed).toBe(1)
        expect(kappa).toBe(counts.length > 1 ? 1 : null)
      }),
    )
    expect(agreementOf([])).toEqual({ n: 0, agreed: 0, observed: null, kappa: null })
  })

  it('is 0 where the judges are independent: each cell is the product of its margins', () => {
    const margins = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 2, maxLength: 6 })
    fc.assert(
      fc.property(margins, margins, (rows, columns) => {
        const size = Math.min(rows.length, columns.length)
        const cells = rows.slice(0, size).map((r) => columns.slice(0, size).map((c) => r * c))
        expect(agreementOf(fromTable(cells)).kappa).toBeCloseTo(0, 12)
      }),
      { numRuns: 1_000 },
    )
  })

  it('is the same whichever judge comes first, whatever the names, and however the counts are cut up', () => {
    fc.assert(
      fc.property(table, fc.integer({ min: 2, max: 5 }), (cells, times) => {
        const judged = fromTable(cells)
        const of = agreementOf(judged)
        expect(
          agreementOf(judged.map(({ first, second, n }) => ({ first: second, second: first, n }))),
        ).toEqual(of)
        const renamed = judged.map(({ first, second, n }) => ({
          first: `x${first}`,
          second: `x${second}`,
          n,
        }))
        expect(agreementOf(renamed.toReversed())).toEqual(of)
        const often = agreementOf(Array.from({ length: times }, () => judged).flat())
        expect(often.n).toBe(of.n * times)
        if (of.kappa === null) expect(often.kappa).toBeNull()
        else expect(often.kappa).toBeCloseTo(of.kappa, 9)
      }),
      { numRuns: 1_000 },
    )
  })

  it('is what the definition says, with proportions, and never beyond −1 and 1', () => {
    fc.assert(
      fc.property(table, (cells) => {
        const total = cells.flat().reduce((a, b) => a + b, 0)
        fc.pre(total > 0)
        const p = cells.map((row) => row.map((n) => n / total))
        const observed = p.reduce((all, row, i) => all + row[i]!, 0)
        const chance = p.reduce(
          (all, row, i) => all + row.reduce((a, b) => a + b, 0) * p.reduce((a, one) => a + one[i]!, 0),
          0,
        )
        const { kappa } = agreementOf(fromTable(cells))
        if (kappa === null) {
          expect(chance).toBeCloseTo(1, 9)
          return
        }
        expect(kappa).toBeCloseTo((observed - chance) / (1 - chance), 6)
        expect(Math.abs(kappa)).toBeLessThanOrEqual(1)
      }),
      { numRuns: propertyRuns() },
    )
  })
})
