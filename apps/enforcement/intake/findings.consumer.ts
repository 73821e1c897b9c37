import { Injectable } from '@nestjs/common'
import { Topics } from '#libs/contracts/catalogue'
import type { Finding } from '#libs/contracts/finding'
import type { Batch } from '#libs/runtime/kafka/batch'
import { BatchHandler } from '#libs/runtime/kafka/batch-handler'
import { TakeFindings } from './take-findings.js'

/** Findings enter the cases that they are about. */
@Injectable()
export class FindingsConsumer {
  constructor(private readonly findings: TakeFindings) {}

  @BatchHandler(Topics.findings)
  async onFindings(batch: Batch<Finding>): Promise<void> {
    const given = batch.records.map((record) => record.value)
    const problems = await this.findings.take(given, () => batch.heartbeat())
    problems.forEach((problem, i) => problem && batch.deadLetter(batch.records[i]!, problem))
  }
}
