/** Errors of kafkajs by which a broker, or the way to it, is away. They end by themselves. */
const OUTAGES = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSBrokerNotFound',
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSLockTimeout',
  'KafkaJSNoBrokerAvailableError',
  'KafkaJSMetadataNotLoaded',
  'KafkaJSTopicMetadataNotLoaded',
])

/** Whether an error of kafkajs, or what it was caused by, is an outage. The rest are wrong settings, or bugs. */
export function isOutage(error: unknown): boolean {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (OUTAGES.has(cause.name)) return true
    const { type, retriable } = cause as { type?: unknown; retriable?: unknown }
    if (typeof type === 'string' && retriable === true) return true
  }
  return false
}
