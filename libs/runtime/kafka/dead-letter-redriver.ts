import { isRetryable, RetryableError } from '../errors.js'
import { type DeadLetter, redriveMark, redrivenRecord } from './dead-letter.js'
import { DEAD_LETTER_MAX_BYTES } from './dead-letters.js'
import type { Publisher } from './publisher.js'

/** A letter that could not be put back, and why: it is the letter's own fault. */
export interface FailedRedrive {
  readonly letter: DeadLetter
  readonly why: string
}

/** Puts dead letters back where they came from. */
export class DeadLetterRedriver {
  constructor(private readonly publisher: Pick<Publisher, 'publishPlain'>) {}

  /**
   * Resolves when the broker has all that it takes, and then a mark beside each of those letters; the rest are returned with
   * why. Where it rejects, some may be stored and not marked: redriving them again does no harm. Not for truncated letters;
   * their topics and partitions must exist.
   * @throws RetryableError `not-redriven` where the broker is away
   */
  async redrive(letters: readonly DeadLetter[]): Promise<FailedRedrive[]> {
    try {
      await this.send(letters)
      return []
    } catch (error) {
      if (isRetryable(error)) throw notRedriven(error)
      if (letters.length > 1) return this.oneByOne(letters)
      return letters.map((letter) => ({
        letter,
        why: error instanceof Error ? error.message : String(error),
      }))
    }
  }

  private async send(letters: readonly DeadLetter[]): Promise<void> {
    await this.publisher.publishPlain(letters.map(redrivenRecord), DEAD_LETTER_MAX_BYTES)
    await this.publisher.publishPlain(letters.map(redriveMark))
  }

  /** One that cannot be sent must not keep its neighbours; those that were stored with it are stored twice. */
  private async oneByOne(letters: readonly DeadLetter[]): Promise<FailedRedrive[]> {
    const failed: FailedRedrive[] = []
    for (const letter of letters) failed.push(...(await this.redrive([letter])))
    return failed
  }
}

function notRedriven(cause: unknown): RetryableError {
  return new RetryableError('not-redriven', 'Kafka did not take the records.', { cause })
}
