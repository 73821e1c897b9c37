import { inject } from 'vitest'

/** Vitest's set-up of each spec: names this worker's Kafka and MongoDB by `KAFKA_BROKERS` and `MONGODB_URI`. */
const { kafkaBrokers, mongoUri } = inject('stacks')[Number(process.env.VITEST_POOL_ID) - 1]!
process.env.KAFKA_BROKERS = kafkaBrokers
process.env.MONGODB_URI = mongoUri
