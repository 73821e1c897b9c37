import { Injectable } from '@nestjs/common'
import { BatchTransport } from './batch-transport.js'
import { CompactedTables } from './compacted-table.js'
import { kafkaMetrics } from './kafka-metrics.js'
import { topicLabel } from './topic-names.js'

/** How Kafka's side of a service is; the reasons are sentences for people. */
export interface KafkaState {
  readonly ok: boolean
  readonly reasons: readonly string[]
}

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
    const oldest = new Map<string, number>()
    for (const [topic, timestamp] of this.transport.oldestOpen()) {
      const label = topicLabel(topic)
      oldest.set(label, Math.min(timestamp, oldest.get(label) ?? Infinity))
    }
    kafkaMetrics.lag.reset()
    const now = Date.now()
    for (const [topic, timestamp] of oldest)
      kafkaMetrics.lag.set({ topic }, Math.max(0, now - timestamp) / 1_000)
  }
}

function state(reasons: readonly string[]): KafkaState {
  return { ok: reasons.length === 0, reasons }
}
