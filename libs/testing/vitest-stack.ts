import type { TestProject } from 'vitest/node'
import { startTemporaryStack } from './temporary-stack.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** The servers of each worker, by its number from 1. */
    stacks: { kafkaBrokers: string; mongoUri: string }[]
  }
}

/**
 * Vitest's global set-up: a Kafka and a MongoDB for each worker, so that specs that run at a time never meet on a topic or in a
 * consumer group. Where the user names servers, all use those, and `vitest.config.ts` runs one worker.
 */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const log = (line: string): void => void process.stderr.write(`${line}\n`)
  // The first fetches what the others find in the cache.
  const first = await startTemporaryStack({ log })
  const others = Array.from({ length: project.config.maxWorkers - 1 }, () => startTemporaryStack({ log }))
  const stacks = [first, ...(await Promise.all(others))]
  project.provide(
    'stacks',
    stacks.map(({ kafkaBrokers, mongoUri }) => ({ kafkaBrokers, mongoUri })),
  )
  return async () => void (await Promise.all(stacks.map((stack) => stack.stop())))
}
