import { Inject, Injectable } from '@nestjs/common'
import { DeadLetterTopic, type ServiceName } from '#libs/contracts/catalogue'
import type { PermanentError } from '../errors.js'
import { SERVICE_NAME } from '../tokens.js'
import type { RawRecord } from './batch.js'
import { kafkaMetrics } from './kafka-metrics.js'
import { Publisher, type PlainRecord } from './publisher.js'
import { topicLabel } from './topic-names.js'

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
    await this.publisher.publishPlain(records.map((record) => toDeadLetter(record, this.service)))
    for (const { raw, error } of records) {
      kafkaMetrics.deadLettered.inc({ topic: topicLabel(raw.topic), reason: error.slug })
    }
  }
}

/** The original headers stay, ours win; the error's sentence is left out, since it might quote content. */
function toDeadLetter({ raw, error, attempts }: GivenUp, service: ServiceName): PlainRecord {
  return {
    topic: DeadLetterTopic.name,
    key: raw.key,
    value: raw.value,
    headers: {
      ...raw.headers,
      'weir-reason': error.slug,
      'weir-path': error.path ?? '',
      'weir-topic': raw.topic,
      'weir-partition': String(raw.partition),
      'weir-offset': raw.offset,
      'weir-attempts': String(attempts),
      'weir-service': service,
    },
  }
}
