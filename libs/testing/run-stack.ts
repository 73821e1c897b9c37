import { startDefaultStack } from './default-stack.js'
import { runInForeground } from './run-in-foreground.js'

/** `npm run stack`: the local Kafka and MongoDB alone, until Ctrl-C. */
await runInForeground(async (fail) => {
  const stack = await startDefaultStack(fail)
  console.log(
    `KAFKA_BROKERS=${stack.kafkaBrokers}\nMONGODB_URI=${stack.mongoUri}\nstack ready, Ctrl-C stops it`,
  )
  return stack.stop
})
