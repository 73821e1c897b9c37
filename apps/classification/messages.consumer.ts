import { Inject, Injectable } from '@nestjs/common'
import type { AcceptedMessage } from '#libs/contracts/accepted-message'
import { Topics } from '#libs/contracts/catalogue'
import { accountKey } from '#libs/contracts/ids'
import type { Verdict } from '#libs/contracts/verdict'
import { RetryableError } from '#libs/runtime/errors'
import type { Batch, InRecord } from '#libs/runtime/kafka/batch'
import { BatchHandler } from '#libs/runtime/kafka/batch-handler'
import { type OutRecord, Publisher } from '#libs/runtime/kafka/publisher'
import { mapPiecesInTurns } from '#libs/runtime/turns'
import { classifyingUnlessClear } from './classify.rules.js'
import type { TextModel } from './detectors/text-model.js'
import type { Judge } from './judge.js'
import { Judges } from './judges.js'
import { PolicyWaits } from './policy-waits.js'
import { TellReach } from './tell-reach.js'
import { TEXT_MODEL } from './text-model.provider.js'

/** Judges accepted messages; verdicts that are not clear, and those that were asked for, go on to enforcement. */
@Injectable()
export class MessagesConsumer {
  private readonly reach = new TellReach()

  constructor(
    private readonly judges: Judges,
    private readonly waits: PolicyWaits,
    private readonly publisher: Publisher,
    @Inject(TEXT_MODEL) private readonly model: TextModel,
  ) {}

  @BatchHandler(Topics.messages)
  async onMessages(batch: Batch<AcceptedMessage>): Promise<void> {
    const bounds = this.judges.reachBounds()
    const verdicts = (await mapPiecesInTurns(batch.records, (record) => this.verdictOn(record))).flat()
    if (this.waits.any) for (const record of batch.records) this.waits.end(partitionOf(record))
    const reach = batch.records.flatMap(({ value }) => this.reach.reachOf(value, bounds) ?? [])
    await this.publisher.publish(...reach, ...verdicts)
    this.reach.done(reach, bounds)
  }

  private *verdictOn(record: InRecord<AcceptedMessage>): Generator<undefined, OutRecord<Verdict>[]> {
    const message = record.value
    if (message.change === 'deleted') return []
    // A verdict that comes again after a crash or in a replay has the same bytes: see docs/adr/0070.
    const now = new Date(message.receivedAt)
    const judge = yield* this.judging(record)
    const verdict = yield* classifyingUnlessClear(message, { judge, model: this.model, mode: 'live', now })
    return verdict ? [toRecord(record, verdict)] : []
  }

  /** Without one the partition waits, and says so. */
  private *judging(record: InRecord<AcceptedMessage>): Generator<undefined, Judge> {
    try {
      return yield* this.judges.judging(record.value)
    } catch (error) {
      if (error instanceof RetryableError) this.waits.begin(partitionOf(record), record.value)
      throw error
    }
  }
}

function partitionOf({ topic, partition }: InRecord<AcceptedMessage>): string {
  return `${topic}/${partition}`
}

function toRecord(record: InRecord<AcceptedMessage>, verdict: Verdict): OutRecord<Verdict> {
  return {
    topic: Topics.verdicts,
    key: accountKey(verdict.platformId, verdict.accountId),
    id: verdict.verdictId,
    value: verdict,
    time: record.receivedAt,
    trace: record.trace,
  }
}
