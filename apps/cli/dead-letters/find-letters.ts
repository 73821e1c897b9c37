import type { DeadLetter } from '#libs/runtime/kafka/dead-letter'
import type { DeadLetterReader, LetterRange } from '#libs/runtime/kafka/dead-letter-reader'
import type { LetterCount, ListedLetter } from './print-letters.rules.js'
import { isMeant, type LetterFilter } from './select-letters.rules.js'

/** A letter without what its record holds: many fit into memory. */
export function withoutContent(letter: DeadLetter): DeadLetter {
  return { ...letter, key: null, value: null, headers: {} }
}

export interface FoundLetters {
  /** The newest, in the order of time. */
  readonly listed: readonly ListedLetter[]
  /** All that are meant, the most first. */
  readonly counts: readonly LetterCount[]
  readonly total: number
}

/** Reads all letters once and keeps the newest that are meant, at most `limit`. */
export async function findLetters(
  reader: DeadLetterReader,
  filter: LetterFilter,
  limit: number,
): Promise<FoundLetters> {
  let newest: DeadLetter[] = []
  let total = 0
  const redriven = new Set<string>()
  const counts = new Map<string, { reason: string; topic: string; count: number }>()
  await reader.read(await reader.ranges(filter.from), (record) => {
    if (record.is === 'mark') return void redriven.add(record.address)
    const { letter } = record
    if (!isMeant(letter, filter)) return
    total++
    const { reason, topic } = letter
    const kind = `${reason} ${topic}`
    const known = counts.get(kind) ?? { reason, topic, count: 0 }
    counts.set(kind, { ...known, count: known.count + 1 })
    newest.push(withoutContent(letter))
    if (newest.length >= 2 * limit + 1_000) newest = newestOf(newest, limit)
  })
  return {
    listed: newestOf(newest, limit).map((letter) => ({ letter, redriven: redriven.has(letter.address) })),
    counts: [...counts.values()].sort((a, b) => b.count - a.count),
    total,
  }
}

function newestOf(letters: readonly DeadLetter[], limit: number): DeadLetter[] {
  return [...letters].sort((a, b) => a.at.getTime() - b.at.getTime()).slice(-limit)
}

/** The letter at a place. @throws Error where there is none */
export async function findLetter(
  reader: DeadLetterReader,
  at: { partition: number; offset: bigint },
): Promise<ListedLetter> {
  const address = `${at.partition}/${at.offset}`
  const range = rangeFrom(await reader.ranges(), at.partition, at.offset)
  let found: DeadLetter | undefined
  let redriven = false
  await reader.read(range, (record) => {
    if (record.is === 'mark') redriven ||= record.address === address
    else if (record.letter.address === address) found = record.letter
  })
  if (!found) throw new Error(`there is no letter at ${address}`)
  return { letter: found, redriven }
}

/** What lies in one partition from an offset on: marks lie in the partition of their letter, behind it. */
export function rangeFrom(ranges: readonly LetterRange[], partition: number, offset: bigint): LetterRange[] {
  return ranges
    .filter((range) => range.partition === partition)
    .map(({ from, to }) => ({ partition, to, from: from > offset ? from : offset }))
}
