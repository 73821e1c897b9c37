import { BUCKET_BYTES } from '../detectors/text-model.js'
import { numberFrom, shuffle } from './seeded.js'

/** Texts as rows of feature buckets (compressed sparse rows), with the labels of each. */
export interface Matrix {
  /** Row `i` holds `buckets[offsets[i]..offsets[i + 1])`. */
  offsets: Uint32Array
  buckets: Uint32Array
  /** Per row and category (eight apart): 0, 1, or -1 for not known. */
  labels: Int8Array
  weights: Float32Array
}

export interface Learned {
  weights: Float32Array
  biases: Float32Array
}

export interface Settings {
  bits: number
  categories: number
  epochs: number
  rate: number
  /** Pull of each touched weight towards 0. */
  decay: number
  seed: number
}

/**
 * Logistic regression for all categories at once, by AdaGrad (Duchi, Hazan, Singer 2011); a feature counts as its number
 * over the root of the number of all features of the text. Depends on its arguments alone.
 */
export function learn(matrix: Matrix, rows: Uint32Array, settings: Settings): Learned {
  const { bits, categories, epochs, rate, decay, seed } = settings
  const { offsets, buckets, labels } = matrix
  const size = BUCKET_BYTES * 2 ** bits
  const weights = new Float32Array(size)
  const squares = new Float32Array(size).fill(1e-4)
  const biases = new Float32Array(BUCKET_BYTES)
  const biasSquares = new Float32Array(BUCKET_BYTES).fill(1e-2)
  const order = rows.slice()
  const next = numberFrom(seed)
  const active = new Uint8Array(BUCKET_BYTES)
  const gradients = new Float32Array(BUCKET_BYTES)
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    shuffle(order, next)
    const pace = rate / (1 + 0.5 * epoch)
    for (const row of order) {
      const from = offsets[row] as number
      const to = offsets[row + 1] as number
      if (to === from) continue
      const norm = 1 / Math.sqrt(to - from)
      const importance = matrix.weights[row] as number
      let known = 0
      for (let c = 0; c < categories; c += 1) {
        const label = labels[BUCKET_BYTES * row + c] as number
        if (label < 0) continue
        let margin = 0
        for (let f = from; f < to; f += 1) {
          margin += weights[BUCKET_BYTES * (buckets[f] as number) + c] as number
        }
        const p = 1 / (1 + Math.exp(-(margin * norm + (biases[c] as number))))
        const error = (p - label) * importance
        const square = (biasSquares[c] as number) + error * error
        biasSquares[c] = square
        biases[c] = (biases[c] as number) - (pace * error) / Math.sqrt(square)
        // What is right by far teaches nothing: most of an epoch is such.
        if (Math.abs(error) < 0.01) continue
        active[known] = c
        gradients[known] = error * norm
        known += 1
      }
      if (known === 0) continue
      for (let f = from; f < to; f += 1) {
        const at = BUCKET_BYTES * (buckets[f] as number)
        for (let k = 0; k < known; k += 1) {
          const i = at + (active[k] as number)
          const weight = weights[i] as number
          const gradient = (gradients[k] as number) + decay * weight
          const square = (squares[i] as number) + gradient * gradient
          squares[i] = square
          weights[i] = weight - (pace * gradient) / Math.sqrt(square)
        }
      }
    }
  }
  return { weights, biases }
}

/** Weights in one byte each: `scale · (byte - 128)`. What lies beyond the 99.99th percentile is cut to it. */
export function quantise(learned: Learned, categories: number): { bytes: Uint8Array; scales: number[] } {
  const { weights } = learned
  const bytes = new Uint8Array(weights.length).fill(128)
  const scales: number[] = []
  for (let c = 0; c < categories; c += 1) {
    const sizes: number[] = []
    for (let i = c; i < weights.length; i += BUCKET_BYTES) {
      const size = Math.abs(weights[i] as number)
      if (size > 0) sizes.push(size)
    }
    const sorted = Float32Array.from(sizes).sort()
    const scale = Math.max(1e-9, (sorted[Math.floor(sorted.length * 0.9999)] ?? sorted.at(-1) ?? 0) / 127)
    for (let i = c; i < weights.length; i += BUCKET_BYTES) {
      const level = Math.round((weights[i] as number) / scale)
      bytes[i] = 128 + Math.max(-127, Math.min(127, level))
    }
    scales.push(scale)
  }
  return { bytes, scales }
}
