import 'reflect-metadata'
import { applyTopics } from './apply-topics.js'
import { startDefaultStack } from './default-stack.js'
import { localServiceEnv } from './local-service-env.js'
import { runInForeground } from './run-in-foreground.js'

/** `npm run stack`: the local Kafka, with Weir's topics, and MongoDB alone, until Ctrl-C. */
await runInForeground(async (fail) => {
  const stack = await startDefaultStack(fail)
  await applyTopics(localServiceEnv(stack))
  console.log(
    `KAFKA_BROKERS=${stack.kafkaBrokers}\nMONGODB_URI=${stack.mongoUri}\nstack ready, Ctrl-C stops it`,
  )
  return stack.stop
})
