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
  consumed: counter('weir_records_consumed_total', 'Records handled or given up, by topic.', ['topic']),
  deadLettered: counter('weir_records_dead_lettered_total', 'Records kept as dead letters.', [
    'topic',
    'reason',
  ]),
  refusedPrivate: counter(
    'weir_records_refused_private_total',
    'Private records that were refused, from Kafka and by REST. All that is kept of them.',
    ['platform'],
  ),
  batchSeconds: seconds('weir_batch_seconds', 'Time from taking a batch until it is done.', ['topic']),
  retries: counter('weir_batch_retries_total', 'Times that a partition was paused to try again.', ['topic']),
  rebalances: counter('weir_group_joins_total', 'Times that a consumer joined its group.', ['group']),
  restarts: counter('weir_consumer_restarts_total', 'Consumers made anew after a crash.', ['group']),
  publishSeconds: seconds('weir_publish_seconds', 'Time of one send to the broker.', []),
  published: counter('weir_records_published_total', 'Records acknowledged by the broker.', ['topic']),
  tableOutdated: counter(
    'weir_table_records_outdated_total',
    'Records of compacted topics that came after a newer one of their key, and were passed over.',
    ['topic'],
  ),
  tableSkipped: counter('weir_table_records_skipped_total', 'Bad records on compacted topics.', ['topic']),
  lag: gauge('weir_consumer_lag_seconds', 'Age of the oldest open record, the worst partition by topic.', [
    'topic',
  ]),
  partitionLag: gauge(
    'weir_partition_lag_seconds',
    'Age of the oldest open record of a partition; the worst hundred of this process.',
    ['topic', 'partition'],
  ),
  heldBack: gauge(
    'weir_platforms_held_back',
    'Platforms whose topics are read slowly, since too much of them ends as dead letters.',
    ['platform'],
  ),
  stuck: gauge('weir_consumers_stuck', 'Consumers that stand still for reasons of their own.', []),
}
