import { startTemporaryStack } from './temporary-stack.js'

/**
 * Vitest's global set-up: one Kafka and one MongoDB for all tests, named to them by `KAFKA_BROKERS` and `MONGODB_URI`.
 * Where these are set already, by the user or by another project of the same run, those servers are used.
 */
export default async function setUp(): Promise<() => Promise<void>> {
  const stack = await startTemporaryStack({ log: (line) => process.stderr.write(`${line}\n`) })
  process.env.KAFKA_BROKERS = stack.kafkaBrokers
  process.env.MONGODB_URI = stack.mongoUri
  return stack.stop
}
