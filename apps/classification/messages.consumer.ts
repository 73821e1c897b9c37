import { Inject, Injectable } from '@nestjs/common'
import { Topics } from '#libs/contracts/catalogue'
import { accountKey } from '#libs/contracts/ids'
import type { Message } from '#libs/contracts/message'
import type { Verdict } from '#libs/contracts/verdict'
import type { Batch, InRecord } from '#libs/platform/kafka/batch'
import { BatchHandler } from '#libs/platform/kafka/batch-handler'
import { type OutRecord, Publisher } from '#libs/platform/kafka/publisher'
import { classifyUnlessClear } from './classify.rules.js'
import type { TextModel } from './detectors/text-model.js'
import { Judges } from './judges.js'
import { TellReach } from './tell-reach.js'
import { TEXT_MODEL } from './text-model.provider.js'

/** Judges accepted messages; verdicts that are not clear, and those that were asked for, go on to enforcement. */
@Injectable()
export class MessagesConsumer {
  private readonly reach = new TellReach()

  constructor(
    private readonly judges: Judges,
    private readonly publisher: Publisher,
    @Inject(TEXT_MODEL) private readonly model: TextModel,
  ) {}

  @BatchHandler(Topics.messages)
  async onMessages(batch: Batch<Message>): Promise<void> {
    const bounds = this.judges.reachBounds()
    const verdicts = batch.records.flatMap((record) => this.verdictOn(record))
    const reach = batch.records.flatMap(({ value }) => this.reach.reachOf(value, bounds) ?? [])
    await this.publisher.publish(...reach, ...verdicts)
    this.reach.done(reach, bounds)
  }

  private verdictOn(record: InRecord<Message>): OutRecord<Verdict>[] {
    const message = record.value
    if (message.change === 'deleted') return []
    // A verdict that comes again after a crash or in a replay has the same bytes: see docs/adr/0070.
    const now = new Date(message.receivedAt)
    const judge = this.judges.judgeOf(message)
    const verdict = classifyUnlessClear(message, { judge, model: this.model, mode: 'live', now })
    return verdict ? [toRecord(record, verdict)] : []
  }
}

function toRecord(record: InRecord<Message>, verdict: Verdict): OutRecord<Verdict> {
  return {
    topic: Topics.verdicts,
    key: accountKey(verdict.platformId, verdict.accountId),
    id: verdict.verdictId,
    value: verdict,
    time: record.receivedAt,
    trace: record.trace,
  }
}
