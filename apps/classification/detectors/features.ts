import { KIND, Kind, SPACE } from '#libs/text/fold-table'
import type { NormalisedText } from '#libs/text/normalise'

export const LANGUAGES = ['zh', 'en', 'other'] as const
/** By script only: `zh` is mostly Han, `en` mostly Latin letters, whatever their language. */
export type Language = (typeof LANGUAGES)[number]

const ZERO = 0x30
/** A longer run of one character tells nothing more. */
const LONGEST_RUN = 3
/** Longest n-grams: of Han characters, and of others (which carry less each). */
const HAN_GRAM = 4
const OTHER_GRAM = 5
const SHORTEST_OTHER_GRAM = 3
/** Per unit: four n-grams at most, a word and a pair of words. */
const FEATURES_PER_UNIT = 6

/** The features of one text, in buffers that the next call overwrites. */
export interface Features {
  count: number
  /** Bucket of each feature, below `2 ** bits`. */
  buckets: Uint32Array
  /** The normalised units, `[start, end)`, that each feature covers. */
  starts: Uint32Array
  ends: Uint32Array
}

let units = new Uint16Array(1024)
let origins = new Uint32Array(1024)
const features: Features = { count: 0, ...buffers(1024 * FEATURES_PER_UNIT) }

function buffers(size: number) {
  return { buckets: new Uint32Array(size), starts: new Uint32Array(size), ends: new Uint32Array(size) }
}

/**
 * Hashes the n-grams of a text into `2 ** bits` buckets: 1 to 4 Han characters, 3 to 5 of other text, words of letters and
 * pairs of them. Every number reads as 0, and a character counts at most three times in a row: neither tells a category.
 * Multiplicative hashing (Weinberger et al. 2009, "Feature hashing", without the sign).
 */
export function hashFeatures(codes: Uint16Array, bits: number): Features {
  const length = compact(codes)
  if (features.buckets.length < length * FEATURES_PER_UNIT) {
    Object.assign(features, buffers(2 * length * FEATURES_PER_UNIT))
  }
  const { buckets, starts, ends } = features
  const shift = 32 - bits
  const u = units
  let count = 0
  let word = 0
  let wordStart = 0
  let lastWord = 0
  let lastWordStart = 0
  for (let i = 0; i < length; i += 1) {
    const unit = u[i] as number
    const kind = KIND[unit] as number
    let hash = Math.imul(unit + 1, 0x9e3779b1)
    const han = kind === Kind.han
    const longest = Math.min(i + 1, han ? HAN_GRAM : OTHER_GRAM)
    for (let n = 1; ; n += 1) {
      if (han || n >= SHORTEST_OTHER_GRAM) {
        buckets[count] = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b) >>> shift
        starts[count] = i - n + 1
        ends[count] = i
        count += 1
      }
      if (n >= longest) break
      hash = Math.imul(hash ^ (u[i - n] as number), 0x01000193) + n
    }
    if (kind === Kind.latin || kind === Kind.lookAlike || kind === Kind.letter) {
      if (word === 0) wordStart = i
      word = Math.imul(word ^ unit, 0x01000193) + 0x3c6ef372
      const next = i + 1 < length ? (KIND[u[i + 1] as number] as number) : Kind.other
      if (next !== Kind.latin && next !== Kind.lookAlike && next !== Kind.letter) {
        buckets[count] = Math.imul(word ^ (word >>> 15), 0xc2b2ae35) >>> shift
        starts[count] = wordStart
        ends[count] = i
        count += 1
        if (lastWord !== 0) {
          const pair = Math.imul(lastWord, 0x27d4eb2f) ^ word
          buckets[count] = Math.imul(pair ^ (pair >>> 15), 0xc2b2ae35) >>> shift
          starts[count] = lastWordStart
          ends[count] = i
          count += 1
        }
        lastWord = word
        lastWordStart = wordStart
        word = 0
      }
    } else if (han) {
      lastWord = 0
    }
  }
  for (let f = 0; f < count; f += 1) {
    starts[f] = origins[starts[f] as number] as number
    ends[f] = (origins[ends[f] as number] as number) + 1
  }
  features.count = count
  return features
}

/** Writes what features are made of to `units`, with a blank at both ends, and where it came from to `origins`. */
function compact(codes: Uint16Array): number {
  if (units.length < codes.length + 2) {
    units = new Uint16Array(2 * codes.length)
    origins = new Uint32Array(2 * codes.length)
  }
  let n = 1
  let run = 0
  units[0] = SPACE
  origins[0] = 0
  for (let i = 0; i < codes.length; i += 1) {
    const unit = codes[i] as number
    const digit = unit >= 0x30 && unit <= 0x39
    const shown = digit ? ZERO : unit
    if (shown === units[n - 1]) {
      run += 1
      if (digit || run >= LONGEST_RUN) continue
    } else {
      run = 0
    }
    units[n] = shown
    origins[n] = i
    n += 1
  }
  if (units[n - 1] !== SPACE) {
    units[n] = SPACE
    origins[n] = Math.max(0, codes.length - 1)
    n += 1
  }
  return codes.length === 0 ? 0 : n
}

/** The language of a text as far as its script tells. */
export function guessLanguage({ codes }: NormalisedText): Language {
  let han = 0
  let latin = 0
  let other = 0
  for (let i = 0; i < codes.length; i += 1) {
    const kind = KIND[codes[i] as number]
    if (kind === Kind.han) han += 1
    else if (kind === Kind.latin) latin += 1
    else if (kind === Kind.letter || kind === Kind.lookAlike) other += 1
  }
  // A Han character weighs about as much as four Latin letters.
  if (4 * han >= latin && han > other) return 'zh'
  return latin > 0 && latin >= 4 * other ? 'en' : 'other'
}
