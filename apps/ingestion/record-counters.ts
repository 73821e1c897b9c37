import { Counter } from 'prom-client'
import { kafkaMetrics } from '#libs/platform/kafka/kafka-metrics'
import { OUTCOMES, type RecordOutcome } from './sort-records.rules.js'

const records = new Counter({
  name: 'weir_ingestion_records_total',
  help: 'Records of input topics by how they ended.',
  labelNames: ['platform', 'outcome'] as const,
})

/** Counts the records of a batch that is done. */
export function countRecords(platform: string, counts: Readonly<Record<RecordOutcome, number>>): void {
  for (const outcome of OUTCOMES) {
    if (counts[outcome] > 0) records.inc({ platform, outcome }, counts[outcome])
  }
  countPrivate(platform, counts.private)
}

/** Counts messages that were refused as private. */
export function countPrivate(platform: string, count: number): void {
  if (count > 0) kafkaMetrics.refusedPrivate.inc({ platform }, count)
}
