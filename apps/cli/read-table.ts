import { setTimeout as sleep } from 'node:timers/promises'
import type { TopicSpec } from '#libs/contracts/catalogue'
import type { ServiceEnv } from '#libs/runtime/env'
import { CompactedTables } from '#libs/runtime/kafka/compacted-table'
import { TopicsAdmin } from '#libs/runtime/kafka/topics-admin'
import { createLogger } from '#libs/runtime/logger'

const PATIENCE_MS = 30_000

/** All that stands on a compacted topic, by key; nothing where there is no such topic. @throws Error where it cannot be read in time */
export async function readTable<T extends object>(
  env: ServiceEnv,
  topic: TopicSpec<T>,
  admin = new TopicsAdmin(env, createLogger('cli', 'silent')),
): Promise<[string, T][]> {
  if (!(await admin.existing()).has(topic.name)) return []
  const tables = new CompactedTables(env, 'cli', createLogger('cli', 'silent'), admin)
  const table = tables.open(topic)
  tables.onModuleInit()
  const patience = new AbortController()
  try {
    const late = sleep(PATIENCE_MS, undefined, { signal: patience.signal }).then(() => {
      throw new Error(`${topic.name} could not be read in time`)
    })
    await Promise.race([table.ready, late])
    return [...table.entries()]
  } finally {
    patience.abort()
    await tables.onApplicationShutdown()
  }
}
