import { Inject, Injectable } from '@nestjs/common'
import { DeadLetterTopic, type ServiceName } from '#libs/contracts/catalogue'
import type { PermanentError } from '../errors.js'
import { SERVICE_NAME } from '../tokens.js'
import type { RawRecord } from './batch.js'
import { kafkaMetrics } from './kafka-metrics.js'
import { Publisher, type PlainRecord } from './publisher.js'
import { topicLabel } from './topic-names.js'

/** What the topic of dead letters takes: a whole record of an input topic (1 MB), and headers. */
export const DEAD_LETTER_MAX_BYTES = 2 * 1024 * 1024 - 64 * 1024
/** A longer value, which only a compressed batch can hold, is cut off here; the whole stays on its own topic for a while. */
const LONGEST_VALUE = 1_500_000

/** A record that was given up, and why. */
export interface GivenUp {
  readonly raw: RawRecord
  readonly error: PermanentError
  /** How often handling it was tried. */
  readonly attempts: number
}

/** Keeps records that cannot be handled, with their original bytes, where people can look at them and send them again. */
@Injectable()
export class DeadLetters {
  constructor(
    private readonly publisher: Publisher,
    @Inject(SERVICE_NAME) private readonly service: ServiceName,
  ) {}

  /** Resolves when the broker has all of them; only then may their offsets be committed. @throws RetryableError */
  async keep(records: readonly GivenUp[]): Promise<void> {
    await this.publisher.publishPlain(
      records.map((record) => toDeadLetter(record, this.service)),
      DEAD_LETTER_MAX_BYTES,
    )
    for (const { raw, error } of records) {
      kafkaMetrics.deadLettered.inc({ topic: topicLabel(raw.topic), reason: error.slug })
    }
  }
}

/** The original headers stay, ours win; the error's sentence is left out, since it might quote content. */
function toDeadLetter({ raw, error, attempts }: GivenUp, service: ServiceName): PlainRecord {
  const tooLong = raw.value !== null && raw.value.length > LONGEST_VALUE
  return {
    topic: DeadLetterTopic.name,
    key: raw.key,
    value: tooLong ? raw.value.subarray(0, LONGEST_VALUE) : raw.value,
    headers: {
      ...raw.headers,
      'weir-reason': error.slug,
      'weir-path': error.path ?? '',
      'weir-topic': raw.topic,
      'weir-partition': String(raw.partition),
      'weir-offset': raw.offset,
      'weir-attempts': String(attempts),
      'weir-service': service,
      ...(tooLong ? { 'weir-truncated': String(raw.value.length) } : {}),
    },
  }
}
