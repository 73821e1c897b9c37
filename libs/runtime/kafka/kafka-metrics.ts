import { Counter, Gauge, Histogram, register } from 'prom-client'

/** The metric of that name, made once per process: tests start several modules in one. */
function once<T>(name: string, make: () => T): T {
  return (register.getSingleMetric(name) as T | undefined) ?? make()
}

function counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
  return once(name, () => new Counter({ name, help, labelNames }))
}

function seconds<L extends string>(name: string, help: string, labelNames: readonly L[]): Histogram<L> {
  const buckets = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30]
  return once(name, () => new Histogram({ name, help, labelNames, buckets }))
}

function gauge<L extends string>(name: string, help: string, labelNames: readonly L[]): Gauge<L> {
  return once(name, () => new Gauge({ name, help, labelNames }))
}

/** What Kafka's side of a service counts. Topics of platforms appear under their pattern's name: few label values. */
export const kafkaMetrics = {
  consumed: counter(
    'weir_records_consumed_total',
    'Records that were processed or dead-lettered, by topic.',
    ['topic'],
  ),
  deadLettered: counter(
    'weir_records_dead_lettered_total',
    'Records written to the dead-letter topic, by topic of origin and reason.',
    ['topic', 'reason'],
  ),
  refusedPrivate: counter(
    'weir_records_refused_private_total',
    'Private messages that were refused, from Kafka and REST, by platform.',
    ['platform'],
  ),
  batchSeconds: seconds(
    'weir_batch_seconds',
    'Duration of processing one batch of records in seconds, by topic.',
    ['topic'],
  ),
  retries: counter(
    'weir_batch_retries_total',
    'Times a partition was paused to retry its records after a failure, by topic.',
    ['topic'],
  ),
  rebalances: counter(
    'weir_group_joins_total',
    'Times a consumer joined its group, at start or in a rebalance, by group.',
    ['group'],
  ),
  restarts: counter('weir_consumer_restarts_total', 'Consumers restarted after a crash, by group.', [
    'group',
  ]),
  publishSeconds: seconds('weir_publish_seconds', 'Duration of one send to the Kafka broker in seconds.', []),
  published: counter('weir_records_published_total', 'Records acknowledged by the Kafka broker, by topic.', [
    'topic',
  ]),
  tableOutdated: counter(
    'weir_table_records_outdated_total',
    'Records of compacted topics ignored because a newer one of the same key was already read, by topic.',
    ['topic'],
  ),
  tableSkipped: counter(
    'weir_table_records_skipped_total',
    'Malformed records of compacted topics that were skipped, by topic.',
    ['topic'],
  ),
  lag: gauge(
    'weir_consumer_lag_seconds',
    'Age of the oldest unprocessed record in seconds, in the worst partition of each topic.',
    ['topic'],
  ),
  partitionLag: gauge(
    'weir_partition_lag_seconds',
    'Age of the oldest unprocessed record of a partition in seconds; the worst hundred of this process.',
    ['topic', 'partition'],
  ),
  heldBack: gauge(
    'weir_platforms_held_back',
    '1 for a platform whose topics are throttled because too many of their records are dead-lettered.',
    ['platform'],
  ),
  stuck: gauge(
    'weir_consumers_stuck',
    'Consumers that make no progress although they have records to process and nothing blocks them.',
    [],
  ),
}
