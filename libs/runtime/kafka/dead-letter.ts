import { DEAD_LETTER_HEADERS, DeadLetterTopic, platformOfTopic, Topics } from '#libs/contracts/catalogue'
import type { RawRecord } from './batch.js'
import type { PlainRecord } from './publisher.js'

/** On a letter whose value was cut off: how many bytes it had. */
export const TRUNCATED = 'weir-truncated'
/** On a letter without value, key and headers of its record: what they seemed to be. */
export const WITHHELD = 'weir-withheld'
/** On a redriven record, and on its letter if it dies again: the address of the letter that it comes from. */
const REDRIVEN = 'weir-redriven'
/** Beside it: how often it was redriven. */
const REDRIVES = 'weir-redrives'
/** On a mark, the only header: the address of a letter that was redriven. */
const REDRIVEN_FROM = 'weir-redriven-from'

type Headers = NonNullable<RawRecord['headers']>

/** A record that was given up, as it lies on the topic of dead letters. */
export interface DeadLetter {
  /** `<partition>/<offset>` on that topic. */
  readonly address: string
  /** When it was given up. */
  readonly at: Date
  readonly reason: string
  /** The offending field; empty where there is none. It may quote what the sender chose. */
  readonly path: string
  /** Where the record came from. */
  readonly topic: string
  /** Undefined where the letter does not say it: Weir did not write it so. */
  readonly partition: number | undefined
  readonly offset: string
  /** Whose record it is, as far as its topic or its key tells. */
  readonly platformId: string | undefined
  readonly service: string
  readonly attempts: number
  /** Bytes of its value, before it was cut off. */
  readonly size: number
  readonly truncated: boolean
  /** How often it had been redriven before it died this time. */
  readonly redrives: number
  readonly redrivenFrom: string | undefined
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** All headers: the record's own, and ours over them. */
  readonly headers: Headers
}

/** What lies on the topic of dead letters: a letter, or the mark that one was redriven. */
export type DeadLetterRecord =
  { readonly is: 'letter'; readonly letter: DeadLetter } | { readonly is: 'mark'; readonly address: string }

/** Reads a record of the topic of dead letters; undefined for one that Weir did not write. */
export function readDeadLetter(raw: RawRecord): DeadLetterRecord | undefined {
  const headers = raw.headers ?? {}
  const reason = textOf(headers, 'weir-reason')
  const topic = textOf(headers, 'weir-topic')
  const mark = textOf(headers, REDRIVEN_FROM)
  if (reason === undefined || topic === undefined) {
    return mark === undefined ? undefined : { is: 'mark', address: mark }
  }
  const cutFrom = countOf(headers, TRUNCATED)
  const letter: DeadLetter = {
    address: `${raw.partition}/${raw.offset}`,
    at: instantOf(raw.timestamp),
    reason,
    path: textOf(headers, 'weir-path') ?? '',
    topic,
    partition: countOf(headers, 'weir-partition'),
    offset: textOf(headers, 'weir-offset') ?? '',
    platformId: platformIdOf(topic, raw.key),
    service: textOf(headers, 'weir-service') ?? '',
    attempts: countOf(headers, 'weir-attempts') ?? 1,
    size: cutFrom ?? raw.value?.length ?? 0,
    truncated: cutFrom !== undefined,
    redrives: countOf(headers, REDRIVES) ?? 0,
    redrivenFrom: textOf(headers, REDRIVEN),
    key: raw.key,
    value: raw.value,
    headers,
  }
  return { is: 'letter', letter }
}

/**
 * The record that died, once more: its own key, value and headers, and that it is redriven. Not for truncated letters, and
 * for none without a partition.
 */
export function redrivenRecord(letter: DeadLetter): PlainRecord & { partition: number } {
  const { topic, partition, key, value, address } = letter
  const headers: Headers = { ...letter.headers }
  for (const name of [...DEAD_LETTER_HEADERS, TRUNCATED]) delete headers[name]
  headers[REDRIVEN] = address
  headers[REDRIVES] = String(letter.redrives + 1)
  return { topic, partition: partition ?? 0, key, value, headers }
}

/** What is put beside a letter that was redriven, so that it is not by mistake redriven again. */
export function redriveMark({ address, key }: DeadLetter): PlainRecord & { partition: number } {
  const partition = Number(address.slice(0, address.indexOf('/')))
  return { topic: DeadLetterTopic.name, partition, key, value: null, headers: { [REDRIVEN_FROM]: address } }
}

const KEYED_BY_PLATFORM = new Set<string>(
  Object.values(Topics)
    .filter(({ key }) => key === 'platform' || key === 'platform/account')
    .map(({ name }) => name),
)

function platformIdOf(topic: string, key: Buffer | null): string | undefined {
  const own = platformOfTopic(topic)?.platformId
  if (own !== undefined || key === null || !KEYED_BY_PLATFORM.has(topic)) return own
  return key.toString('utf8').split('/', 1)[0]
}

function textOf(headers: Headers, name: string): string | undefined {
  const header = headers[name]
  // A header may have no value at all, which the types of kafkajs do not know.
  const first = (Array.isArray(header) ? header[0] : header) as Buffer | string | null | undefined
  return first === undefined || first === null ? undefined : String(first)
}

/** A producer may name any instant; what no calendar holds is the beginning of time. */
function instantOf(timestamp: string): Date {
  const at = new Date(Number(timestamp))
  return Number.isNaN(at.getTime()) ? new Date(0) : at
}

function countOf(headers: Headers, name: string): number | undefined {
  const text = textOf(headers, name)
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined
}
