import { platformOfTopic, Topics } from '#libs/contracts/catalogue'
import { privacyOf } from '#libs/runtime/json/says-private'
import { type DeadLetter, WITHHELD } from '#libs/runtime/kafka/dead-letter'

/** What is known when a letter comes up. */
export interface RedriveFacts {
  /** How many partitions each topic has; those that do not exist are missing. */
  readonly partitions: ReadonlyMap<string, number>
  /** The letters that were redriven already. */
  readonly redriven: ReadonlySet<string>
  /** Redrive those too. */
  readonly again: boolean
}

/** Why a letter stays where it is; undefined where it can go. */
export function refusalOf(letter: DeadLetter, facts: RedriveFacts): string | undefined {
  const { topic, partition } = letter
  if (letter.headers[WITHHELD] !== undefined) return 'may have been private, so that nothing was kept of it'
  if (letter.truncated) return `was cut off; the whole lies on ${topic} as long as that keeps it`
  const count = facts.partitions.get(topic)
  if (count === undefined) return `${topic} does not exist`
  // Who may write letters could otherwise have us write anywhere.
  if (!OURS.has(topic) && platformOfTopic(topic) === undefined) return `${topic} is no topic that we read`
  if (partition === undefined) return 'does not say which partition it came from'
  if (partition >= count) return `${topic} has ${count} partitions, it came from partition ${partition}`
  // Letters from before such records were refused.
  if (letter.value && platformOfTopic(topic) && privacyOf(letter.value) !== 'not-private') {
    return 'says that it is private'
  }
  if (facts.redriven.has(letter.address) && !facts.again) return ALREADY_REDRIVEN
  return undefined
}

const OURS = new Set<string>(Object.values(Topics).map(({ name }) => name))

export const ALREADY_REDRIVEN = 'was redriven already; --again does it once more'

/** How many records go out at once, for so many a second: a tenth of a second's worth. */
export function chunkSize(rate: number): number {
  return Math.max(1, Math.floor(rate / 10))
}

/** Milliseconds to wait before the next records, `sent` having gone out in `elapsedMs`. */
export function waitMs(sent: number, rate: number, elapsedMs: number): number {
  return Math.max(0, (sent / rate) * 1_000 - elapsedMs)
}
