import type { DeadLetter } from '#libs/runtime/kafka/dead-letter'

/** Which letters are meant; what is left out does not narrow. */
export interface LetterFilter {
  readonly reason?: string
  /** Where the record came from. */
  readonly topic?: string
  readonly platform?: string
  /** Which service gave it up. */
  readonly service?: string
  /** Given up at this instant or later. */
  readonly from?: Date
  /** Given up before this instant. */
  readonly to?: Date
}

export function isMeant(letter: DeadLetter, filter: LetterFilter): boolean {
  const { reason, topic, platform, service, from, to } = filter
  return (
    (reason === undefined || letter.reason === reason) &&
    (topic === undefined || letter.topic === topic) &&
    (platform === undefined || letter.platformId === platform) &&
    (service === undefined || letter.service === service) &&
    (from === undefined || letter.at >= from) &&
    (to === undefined || letter.at < to)
  )
}

/** A place on the topic of dead letters, `<partition>/<offset>`; undefined where the text is none. */
export function parseAddress(text: string): { partition: number; offset: bigint } | undefined {
  const match = /^(\d{1,6})\/(\d{1,18})$/.exec(text)
  return match ? { partition: Number(match[1]), offset: BigInt(match[2]!) } : undefined
}
