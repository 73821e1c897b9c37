import { Counter } from 'prom-client'
import { kafkaMetrics } from '#libs/runtime/kafka/kafka-metrics'
import { fieldOfRepair, type Repair } from '#libs/contracts/repair'
import type { Rejection } from './check-message.rules.js'
import { OUTCOMES, type RecordOutcome } from './sort-records.rules.js'

const records = new Counter({
  name: 'weir_ingestion_records_total',
  help: 'Records read from input topics, by platform and outcome.',
  labelNames: ['platform', 'outcome'] as const,
})

const rejections = new Counter({
  name: 'weir_ingestion_rejected_total',
  help: 'Messages dead-lettered without being judged, by platform and reason.',
  labelNames: ['platform', 'slug'] as const,
})

const repairs = new Counter({
  name: 'weir_ingestion_repairs_total',
  help: 'Malformed fields of accepted messages that were cut, dropped or rewritten, by field and repair.',
  labelNames: ['field', 'what'] as const,
})

/** Counts messages that ended as dead letters. */
export function countRejections(platform: string, slugs: readonly Rejection['slug'][]): void {
  for (const slug of slugs) rejections.inc({ platform, slug })
}

/** Counts what was repaired of one accepted message. */
export function countRepairs(made: readonly Repair[] = []): void {
  for (const repair of made) repairs.inc({ field: fieldOfRepair(repair), what: repair.what })
}

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
