import { guessLanguage, hashFeatures, type Language } from './features.js'
import { type NormalisedText, originalSpan } from '#libs/text/normalise'

/** Platt scaling: probability = 1 / (1 + exp(-(slope · margin + offset))). */
export interface Calibration {
  slope: number
  offset: number
}

/** What stands before the weights in a model file. */
export interface ModelHeader {
  format: 1
  /** Digest of the weights and of the rest of this header. */
  version: string
  /** At most eight: their order is that of scores. */
  categories: string[]
  /** Weights per category: `2 ** bits` buckets. */
  bits: number
  scales: number[]
  biases: number[]
  /** By category, then language; none where nothing was learned: the score is then 0. */
  calibration: Record<string, Partial<Record<Language, Calibration>>>
}

/** Bytes of a bucket: one weight for each of up to eight categories, as `weight + 128`. */
export const BUCKET_BYTES = 8
export const MAGIC = 'WEIRTEXT'
const ZERO_WEIGHT = 128
/** So many bytes add up in 16 bits without a carry. */
const SUMS = 256

/** A file that is not a text model, or not one of a format known here. */
export class ModelFormatError extends Error {
  override name = 'ModelFormatError'
  readonly slug = 'model-format'
}

/** A part of a text that speaks for a category, and how much. */
export interface Evidence {
  span: [number, number]
  weight: number
}

/** One linear model per category over hashed character n-grams; all categories are scored in one pass. */
export class TextModel {
  readonly #words: Uint32Array
  readonly #sums = new Float64Array(BUCKET_BYTES)

  private constructor(
    readonly header: ModelHeader,
    weights: Uint8Array,
  ) {
    // A copy of its own: a Buffer's slice would share, and need not be aligned.
    this.#words = new Uint32Array(new Uint8Array(weights).buffer)
  }

  /** Reads what `writeModel` wrote; throws `ModelFormatError`. */
  static load(bytes: Uint8Array): TextModel {
    const magic = new TextDecoder('latin1').decode(bytes.subarray(0, MAGIC.length))
    if (magic !== MAGIC || bytes.length < MAGIC.length + 4)
      throw new ModelFormatError('This is no text model.')
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const start = MAGIC.length + 4
    const end = start + view.getUint32(MAGIC.length, true)
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(start, end))) as ModelHeader
    if (header.format !== 1 || header.categories.length > BUCKET_BYTES) {
      throw new ModelFormatError('The text model has a format that is not known here.')
    }
    const size = BUCKET_BYTES * 2 ** header.bits
    if (bytes.length !== end + size) throw new ModelFormatError('The text model is cut short.')
    return new TextModel(header, bytes.subarray(end))
  }

  get version(): string {
    return this.header.version
  }

  /** The order of the scores. */
  get categories(): readonly string[] {
    return this.header.categories
  }

  /** A probability per category, calibrated for the language of the text; 0 where the model knows nothing of it. */
  score(normalised: NormalisedText, language: Language = guessLanguage(normalised)): Float32Array {
    const { categories, calibration } = this.header
    const scores = this.margins(normalised)
    for (let c = 0; c < categories.length; c += 1) {
      const known = calibration[categories[c] as string]?.[language]
      const margin = scores[c] as number
      scores[c] = known ? 1 / (1 + Math.exp(-(known.slope * margin + known.offset))) : 0
    }
    return scores
  }

  /** What the linear models say before calibration. */
  margins(normalised: NormalisedText): Float32Array {
    const { categories, bits, scales, biases } = this.header
    const { count, buckets } = hashFeatures(normalised.codes, bits)
    const sums = this.#sums.fill(0)
    const words = this.#words
    for (let from = 0; from < count; from += SUMS) {
      const to = Math.min(count, from + SUMS)
      // Eight bytes are added at a time, each in 16 bits of its own.
      let [a, b, c, d] = [0, 0, 0, 0]
      for (let f = from; f < to; f += 1) {
        const at = 2 * (buckets[f] as number)
        const low = words[at] as number
        const high = words[at + 1] as number
        a = (a + (low & 0xff00ff)) | 0
        b = (b + ((low >>> 8) & 0xff00ff)) | 0
        c = (c + (high & 0xff00ff)) | 0
        d = (d + ((high >>> 8) & 0xff00ff)) | 0
      }
      sums[0] = (sums[0] as number) + (a & 0xffff)
      sums[1] = (sums[1] as number) + (b & 0xffff)
      sums[2] = (sums[2] as number) + (a >>> 16)
      sums[3] = (sums[3] as number) + (b >>> 16)
      sums[4] = (sums[4] as number) + (c & 0xffff)
      sums[5] = (sums[5] as number) + (d & 0xffff)
      sums[6] = (sums[6] as number) + (c >>> 16)
      sums[7] = (sums[7] as number) + (d >>> 16)
    }
    const norm = count === 0 ? 0 : 1 / Math.sqrt(count)
    const margins = new Float32Array(categories.length)
    for (let c = 0; c < margins.length; c += 1) {
      const sum = (sums[c] as number) - ZERO_WEIGHT * count
      margins[c] = sum * (scales[c] as number) * norm + (biases[c] as number)
    }
    return margins
  }

  /** Up to `most` parts of the original text that speak most for a category, the strongest first. */
  explain(normalised: NormalisedText, category: string, most: number): Evidence[] {
    const index = this.header.categories.indexOf(category)
    if (index < 0) return []
    const { count, buckets, starts, ends } = hashFeatures(normalised.codes, this.header.bits)
    const weights = new Uint8Array(this.#words.buffer)
    const scale = (this.header.scales[index] as number) / Math.sqrt(Math.max(1, count))
    const share = new Float64Array(normalised.codes.length)
    for (let f = 0; f < count; f += 1) {
      const [start, end] = [starts[f] as number, ends[f] as number]
      const weight = (weights[BUCKET_BYTES * (buckets[f] as number) + index] as number) - ZERO_WEIGHT
      const each = (weight * scale) / (end - start)
      for (let i = start; i < end; i += 1) share[i] = (share[i] as number) + each
    }
    return strongest(share, most).map(({ start, end, weight }) => ({
      span: originalSpan(normalised, start, end),
      weight,
    }))
  }
}

/** The runs with the greatest sums, one after the other, each cut out before the next is looked for (Kadane). */
function strongest(share: Float64Array, most: number): { start: number; end: number; weight: number }[] {
  const found: { start: number; end: number; weight: number }[] = []
  while (found.length < most) {
    let best = { start: 0, end: 0, weight: 0 }
    let start = 0
    let weight = 0
    for (let i = 0; i < share.length; i += 1) {
      weight += share[i] as number
      if (weight <= 0) {
        weight = 0
        start = i + 1
      } else if (weight > best.weight) {
        best = { start, end: i + 1, weight }
      }
    }
    if (best.end === 0) break
    found.push(best)
    share.fill(-Infinity, best.start, best.end)
  }
  return found
}

/** The bytes of a model file; `weights` holds `weight + 128` for each bucket, then category. */
export function writeModel(header: ModelHeader, weights: Uint8Array): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(header))
  const bytes = new Uint8Array(MAGIC.length + 4 + json.length + weights.length)
  bytes.set(new TextEncoder().encode(MAGIC))
  new DataView(bytes.buffer).setUint32(MAGIC.length, json.length, true)
  bytes.set(json, MAGIC.length + 4)
  bytes.set(weights, MAGIC.length + 4 + json.length)
  return bytes
}
