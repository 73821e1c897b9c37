import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { percentile } from './percentile.js'
import { type JudgedText, scoreCategory } from './scores.js'

const label = fc.constantFrom<(0 | 1 | undefined)[]>(0, 1, undefined)
const outcome = fc.constantFrom(undefined, 'clear' as const, 'review' as const, 'act' as const)
const texts = fc.array(
  fc
    .record({ fraud: label, hate: label, ofFraud: outcome, ofHate: outcome })
    .map(({ fraud, hate, ofFraud, ofHate }): JudgedText => ({
      labels: { ...(fraud === undefined ? {} : { fraud }), ...(hate === undefined ? {} : { hate }) },
      outcomes: { ...(ofFraud ? { fraud: ofFraud } : {}), ...(ofHate ? { hate: ofHate } : {}) },
    })),
  { maxLength: 60 },
)

describe('the scores of a category', () => {
  it('are those of a table filled one text after the other', () => {
    fc.assert(
      fc.property(texts, (some) => {
        let [known, positive, flagged, hits, acted, actedRight] = [0, 0, 0, 0, 0, 0]
        for (const { labels, outcomes } of some) {
          if (!('fraud' in labels)) continue
          known++
          const yes = labels.fraud === 1
          if (yes) positive++
          if (outcomes.fraud === 'act') {
            acted++
            if (yes) actedRight++
          }
          if (outcomes.fraud === 'act' || outcomes.fraud === 'review') {
            flagged++
            if (yes) hits++
          }
        }
        const score = scoreCategory(some, 'fraud')
        expect([score.known, score.positive]).toEqual([known, positive])
        expect(score.act).toEqual({
          flagged: acted,
          hits: actedRight,
          precision: acted === 0 ? null : actedRight / acted,
          recall: positive === 0 ? null : actedRight / positive,
        })
        expect(score.actOrReview.precision).toBe(flagged === 0 ? null : hits / flagged)
        expect(score.actOrReview.recall).toBe(positive === 0 ? null : hits / positive)
      }),
    )
  })
})

describe('a percentile', () => {
  it('is the smallest value that so many do not exceed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer(), { minLength: 1 }),
        fc.integer({ min: 0, max: 100 }),
        (values, percent) => {
          const enough = values.filter(
            (value) => values.filter((other) => other <= value).length * 100 >= percent * values.length,
          )
          expect(percentile(values, percent)).toBe(Math.min(...enough))
        },
      ),
    )
  })

  it('is null of nothing', () => {
    expect(percentile([], 50)).toBeNull()
  })
})
