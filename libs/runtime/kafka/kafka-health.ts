import { Injectable } from '@nestjs/common'
import { BatchTransport } from './batch-transport.js'
import { CompactedTables } from './compacted-table.js'
import { kafkaMetrics } from './kafka-metrics.js'
import { measureLag } from './measure-lag.js'

/** How Kafka's side of a service is; the reasons are sentences for people. */
export interface KafkaState {
  readonly ok: boolean
  readonly reasons: readonly string[]
}

/** Series of single partitions that a process shows: hundreds of platforms have thousands of partitions. */
const MAX_PARTITIONS = 100

/** Whether a service's consumers and tables are where they should be. */
@Injectable()
export class KafkaHealth {
  constructor(
    private readonly transport: BatchTransport,
    private readonly tables: CompactedTables,
  ) {
    // The gauge asks whoever is there when it is read: no timer.
    const gauge = kafkaMetrics.lag as typeof kafkaMetrics.lag & { collect?: () => void }
    gauge.collect = () => this.writeLag()
  }

  /** Work can be done: groups are joined, tables are read to the end that they had at the start. */
  ready(): KafkaState {
    const unread = this.tables.unread().map((topic) => `${topic} is not read yet`)
    return state([...this.transport.waitingFor(), ...unread])
  }

  /** No consumer stands still for reasons of its own. A broker or database that is away does not count: a restart heals neither. */
  alive(): KafkaState {
    return state(this.transport.stuck())
  }

  private writeLag(): void {
    const { byTopic, worst } = measureLag(this.transport.progress(), Date.now(), MAX_PARTITIONS)
    kafkaMetrics.lag.reset()
    for (const [topic, seconds] of byTopic) kafkaMetrics.lag.set({ topic }, seconds)
    kafkaMetrics.partitionLag.reset()
    for (const { topic, partition, seconds } of worst)
      kafkaMetrics.partitionLag.set({ topic, partition }, seconds)
    kafkaMetrics.stuck.set(this.transport.stuck().length)
  }
}

function state(reasons: readonly string[]): KafkaState {
  return { ok: reasons.length === 0, reasons }
}
