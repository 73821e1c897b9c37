import { RetryableError } from '../errors.js'
import { type DeadLetter, redriveMark, redrivenRecord } from './dead-letter.js'
import { DEAD_LETTER_MAX_BYTES } from './dead-letters.js'
import type { Publisher } from './publisher.js'

/** Puts dead letters back where they came from. */
export class DeadLetterRedriver {
  constructor(private readonly publisher: Pick<Publisher, 'publishPlain'>) {}

  /**
   * Resolves when the broker has all of them, and then a mark beside each letter. Where it rejects, some may be stored and
   * not marked: redriving them again does no harm. Not for truncated letters; their topics and partitions must exist.
   * @throws RetryableError `not-redriven`
   */
  async redrive(letters: readonly DeadLetter[]): Promise<void> {
    try {
      await this.publisher.publishPlain(letters.map(redrivenRecord), DEAD_LETTER_MAX_BYTES)
      await this.publisher.publishPlain(letters.map(redriveMark))
    } catch (error) {
      throw new RetryableError('not-redriven', 'Kafka did not take the records.', { cause: error })
    }
  }
}
