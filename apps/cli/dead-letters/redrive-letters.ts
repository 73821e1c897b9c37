import { setTimeout as sleep } from 'node:timers/promises'
import type { DeadLetter } from '#libs/runtime/kafka/dead-letter'
import type { DeadLetterReader, LetterRange } from '#libs/runtime/kafka/dead-letter-reader'
import type { DeadLetterRedriver, FailedRedrive } from '#libs/runtime/kafka/dead-letter-redriver'
import type { TopicsAdmin } from '#libs/runtime/kafka/topics-admin'
import { rangeFrom, withoutContent } from './find-letters.js'
import { chunkSize, refusalOf, waitMs } from './plan-redrive.rules.js'
import { isMeant, type LetterFilter, parseAddress } from './select-letters.rules.js'

/** Bytes of values that go out at once; a broker takes 1 MB. */
const CHUNK_BYTES = 500_000

export interface RedriveRequest {
  /** These letters and no others; empty: all that the filter means. */
  readonly addresses: ReadonlySet<string>
  readonly filter: LetterFilter
  readonly again: boolean
  /** The oldest so many. */
  readonly limit: number
}

/** What is to be redriven, and what is not and why. */
export interface RedrivePlan {
  readonly letters: readonly DeadLetter[]
  readonly refused: readonly { readonly letter: DeadLetter; readonly why: string }[]
}

/** Reads the letters once and decides on each that is meant. @throws Error where an address holds no letter */
export async function planRedrive(
  reader: DeadLetterReader,
  topics: Pick<TopicsAdmin, 'partitionCounts'>,
  request: RedriveRequest,
): Promise<RedrivePlan> {
  const { addresses, filter, again, limit } = request
  const meant: DeadLetter[] = []
  const redriven = new Set<string>()
  await reader.read(await rangesFor(reader, request), (record) => {
    if (record.is === 'mark') return void redriven.add(record.address)
    const { letter } = record
    const is = addresses.size > 0 ? addresses.has(letter.address) : isMeant(letter, filter)
    if (is) meant.push(withoutContent(letter))
  })
  const found = new Set(meant.map(({ address }) => address))
  const missing = [...addresses].filter((address) => !found.has(address))
  if (missing.length > 0) throw new Error(`there is no letter at ${missing.join(', ')}`)
  const partitions = await topics.partitionCounts([...new Set(meant.map(({ topic }) => topic))])
  const refused: { letter: DeadLetter; why: string }[] = []
  const letters: DeadLetter[] = []
  for (const letter of meant.sort((a, b) => a.at.getTime() - b.at.getTime())) {
    const why = refusalOf(letter, { partitions, redriven, again })
    if (why === undefined) letters.push(letter)
    else refused.push({ letter, why })
  }
  return { letters: letters.slice(0, limit), refused }
}

async function rangesFor(
  reader: DeadLetterReader,
  { addresses, filter }: RedriveRequest,
): Promise<LetterRange[]> {
  if (addresses.size === 0) return reader.ranges(filter.from)
  const ranges = await reader.ranges()
  const places = [...addresses].map((address) => parseAddress(address)!)
  return [...Map.groupBy(places, ({ partition }) => partition)].flatMap(([partition, some]) =>
    rangeFrom(ranges, partition, lowest(some.map(({ offset }) => offset))),
  )
}

/**
 * Redrives letters, `rate` a second, until `signal` is aborted; `onProgress` is told how many so far. Returns those that
 * could not be, each for a reason of its own; the others go on. @throws RetryableError
 */
export async function redrive(
  reader: DeadLetterReader,
  redriver: Pick<DeadLetterRedriver, 'redrive'>,
  letters: readonly DeadLetter[],
  rate: number,
  onProgress: (sent: number) => void,
  signal: AbortSignal,
): Promise<FailedRedrive[]> {
  const wanted = new Set(letters.map(({ address }) => address))
  const startedAt = Date.now()
  let sent = 0
  const failed: FailedRedrive[] = []
  let tried = 0
  let chunk: DeadLetter[] = []
  const send = async (): Promise<void> => {
    if (chunk.length === 0 || signal.aborted) return
    const bad = await redriver.redrive(chunk)
    failed.push(...bad)
    tried += chunk.length
    sent += chunk.length - bad.length
    chunk = []
    onProgress(sent)
    await sleep(waitMs(tried, rate, Date.now() - startedAt), undefined, { signal }).catch(() => undefined)
  }
  const visit = async (letter: DeadLetter): Promise<void> => {
    if (!wanted.has(letter.address)) return
    if (bytesOf(chunk) + bytesOf([letter]) > CHUNK_BYTES) await send()
    chunk.push(letter)
    if (chunk.length >= chunkSize(rate)) await send()
  }
  const ranges = spanOf(letters)
  await reader.read(ranges, (record) => (record.is === 'letter' ? visit(record.letter) : undefined), signal)
  await send()
  return failed
}

function bytesOf(letters: readonly DeadLetter[]): number {
  return letters.reduce((sum, { key, value }) => sum + (key?.length ?? 0) + (value?.length ?? 0), 0)
}

/** From the first to the last letter of each partition. */
function spanOf(letters: readonly DeadLetter[]): LetterRange[] {
  const places = letters.map(({ address }) => parseAddress(address)!)
  return [...Map.groupBy(places, ({ partition }) => partition)].map(([partition, some]) => {
    const offsets = some.map(({ offset }) => offset)
    return { partition, from: lowest(offsets), to: -lowest(offsets.map((offset) => -offset)) + 1n }
  })
}

function lowest(numbers: readonly bigint[]): bigint {
  return numbers.reduce((a, b) => (b < a ? b : a))
}
