import { isUtf8 } from 'node:buffer'
import type { ContractClass } from '#libs/contracts/json-schema'
import { PermanentError } from '../errors.js'
import { excessOf, type JsonBounds } from '../json/bound-json.js'
import { countNames } from '../json/count-names.js'
import { inspect } from '../json/inspect.js'
import { parseKeepingRepeated, repeatedName } from '../json/parse-keeping-repeated.js'
import { saysPrivate } from '../json/says-private.js'
import { contractCheck } from '../json/validator.js'
import type { Decoder } from './batch.js'

/** What a value may hold that is parsed at all; our longest records have some ten thousand values. */
const BOUNDS = { maxDepth: 500, maxValues: 200_000, maxNames: Infinity }
/** What platforms send has a dozen values where it is right. */
const INPUT_BOUNDS = { maxDepth: 50, maxValues: 10_000, maxNames: 1_000 }
/** Shorter ones are parsed as they are: whatever they hold, that takes a millisecond or two. */
const SMALL_BYTES = 16 * 1024

/**
 * Parses UTF-8 JSON.
 * @throws PermanentError `not-utf8`, or `not-json` (also for no bytes at all); `too-deep` or `too-large` for what would take
 *   long to parse; its sentence quotes nothing of the value
 */
export function parseJson(value: Buffer | null, bounds: JsonBounds = BOUNDS): unknown {
  if (value === null) throw new PermanentError('not-json', 'The record has no value.')
  if (!isUtf8(value)) throw new PermanentError('not-utf8', 'The value is not UTF-8.')
  const excess = value.length > SMALL_BYTES ? excessOf(value, bounds) : undefined
  if (excess) throw new PermanentError(excess, 'The value is nested too deeply, or holds too many values.')
  try {
    return JSON.parse(value.toString('utf8')) as unknown
  } catch {
    throw new PermanentError('not-json', 'The value is not JSON.')
  }
}

/**
 * The decoder of our own topics: UTF-8, JSON, nulls stripped, fields nobody knows dropped, the rest as the contract says.
 * @throws PermanentError `not-utf8`, `not-json`, `too-deep`, `schema`
 */
export function contractDecoder<T extends object>(type: ContractClass<T>): Decoder<T> {
  const check = contractCheck(type)
  return ({ value }) => {
    const parsed = parseJson(value)
    inspect(parsed)
    check(parsed)
    return parsed as T
  }
}

/**
 * The decoder of what platforms send: the same, and what says private or gives one name twice is refused. What platforms
 * send can have been sent to the wrong topic, and be a message.
 * @throws PermanentError `not-utf8`, `not-json`, `private`, `too-deep`, `too-large`, `schema`. What is refused by its bounds, before it is
 *   parsed, may say private: `DeadLetters` looks.
 */
export function inputDecoder<T extends object>(type: ContractClass<T>): Decoder<T> {
  const check = contractCheck(type)
  return ({ value }) => {
    const parsed = parseJson(value, INPUT_BOUNDS)
    if (saysPrivate(parsed)) throw new PermanentError('private', 'It says that it is private.')
    const members = inspect(parsed)
    check(parsed)
    const text = value!.toString('utf8')
    if (members !== countNames(text)) {
      const path = repeatedName(parseKeepingRepeated(text)) ?? null
      throw new PermanentError('schema', 'A name is given twice.', path)
    }
    return parsed as T
  }
}
