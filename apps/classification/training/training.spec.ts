import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BUCKET_BYTES } from '../detectors/text-model.js'
import { calibrate, thresholdFor } from './calibrate.js'
import { type Matrix, learn, quantise } from './learn.js'
import { measure } from './measures.js'
import { numberFrom } from './seeded.js'

/** Texts of five features; those of kind 1 hold feature 1 more often than not. */
function sample(rows: number): Matrix {
  const next = numberFrom(7)
  const offsets = new Uint32Array(rows + 1)
  const buckets = new Uint32Array(5 * rows)
  const labels = new Int8Array(BUCKET_BYTES * rows).fill(-1)
  for (let row = 0; row < rows; row += 1) {
    const label = next() < 0.5 ? 1 : 0
    for (let f = 0; f < 5; f += 1) {
      buckets[5 * row + f] = f === 0 && next() < (label ? 0.9 : 0.05) ? 1 : 2 + Math.floor(next() * 60)
    }
    offsets[row + 1] = 5 * (row + 1)
    labels[BUCKET_BYTES * row + 1] = label
  }
  return { offsets, buckets, labels, weights: new Float32Array(rows).fill(1) }
}

const settings = { bits: 6, categories: 2, epochs: 4, rate: 0.5, decay: 1e-4, seed: 1 }

describe('learn', () => {
  const matrix = sample(2000)
  const rows = Uint32Array.from({ length: 2000 }, (_, i) => i)

  it('learns which feature tells, and nothing for a category without labels', () => {
    const { weights } = learn(matrix, rows, settings)
    const mine = Array.from({ length: 64 }, (_, bucket) => weights[BUCKET_BYTES * bucket + 1]!)
    expect(mine.indexOf(Math.max(...mine))).toBe(1)
    expect(weights.every((w, i) => i % BUCKET_BYTES === 1 || w === 0)).toBe(true)
  })

  it('gives the same for the same seed, another for another', () => {
    expect(learn(matrix, rows, settings)).toEqual(learn(matrix, rows, settings))
    expect(learn(matrix, rows, { ...settings, seed: 2 })).not.toEqual(learn(matrix, rows, settings))
  })

  it('keeps weights to half a step when it puts them in bytes', () => {
    const learned = learn(matrix, rows, settings)
    const { bytes, scales } = quantise(learned, 2)
    learned.weights.forEach((w, i) => {
      if (i % BUCKET_BYTES > 1) return
      const scale = scales[i % BUCKET_BYTES]!
      expect(Math.abs(scale * (bytes[i]! - 128) - w)).toBeLessThanOrEqual(scale * 0.501)
    })
  })
})

describe('calibrate', () => {
  it('recovers the curve that labels were drawn from', () => {
    const next = numberFrom(3)
    const judged = Array.from({ length: 20_000 }, () => {
      const margin = 6 * next() - 3
      return { margin, label: next() < 1 / (1 + Math.exp(-(1.5 * margin - 0.7))) ? 1 : 0, ordinary: false }
    })
    const { slope, offset } = calibrate(judged)!
    expect(slope).toBeCloseTo(1.5, 1)
    expect(offset).toBeCloseTo(-0.7, 1)
  })

  it('lets few ordinary messages reach 0.5', () => {
    const next = numberFrom(4)
    const judged = Array.from({ length: 4000 }, (_, i) => ({
      margin: next() + (i % 2),
      label: i % 2,
      ordinary: i % 2 === 0,
    }))
    const { slope, offset } = calibrate(judged.map((j) => ({ ...j, margin: j.margin - 0.4 * j.label })))!
    const over = judged.filter((j) => j.ordinary && slope * j.margin + offset >= 0)
    expect(over.length).toBeLessThanOrEqual(6)
  })

  it('says nothing where there is too little', () => {
    expect(calibrate([{ margin: 1, label: 1, ordinary: false }])).toBeUndefined()
  })
})

describe('thresholdFor', () => {
  it('is the lowest at which the precision holds', () => {
    const scores = [...Array<number>(20).fill(0.9), ...Array<number>(20).fill(0.7)].map(
      (s, i) => s - i / 1000,
    )
    const labels = scores.map((s) => (s > 0.8 ? 1 : 0))
    expect(thresholdFor(scores, labels, 0.97)).toBeCloseTo(0.881, 3)
    expect(
      thresholdFor(
        scores,
        labels.map(() => 0),
        0.97,
      ),
    ).toBeUndefined()
  })
})

describe('measure', () => {
  it('counts as by hand', () => {
    const m = measure([0.9, 0.8, 0.6, 0.2, 0.1], [1, 0, 1, 1, 0])
    expect(m).toMatchObject({ count: 5, positives: 3, precision: 2 / 3, recall: 2 / 3 })
    expect(m.auprc).toBeCloseTo((1 + 2 / 3 + 3 / 4) / 3, 10)
  })

  it('does not depend on the order of texts', () => {
    const scored = fc.array(fc.tuple(fc.constantFrom(0.1, 0.4, 0.6, 0.9), fc.constantFrom(0, 1)), {
      minLength: 1,
    })
    fc.assert(
      fc.property(scored, (pairs) => {
        const forward = measure(
          pairs.map((p) => p[0]),
          pairs.map((p) => p[1]),
        )
        const back = [...pairs].reverse()
        expect(
          measure(
            back.map((p) => p[0]),
            back.map((p) => p[1]),
          ).auprc,
        ).toBeCloseTo(forward.auprc, 10)
      }),
    )
  })
})
