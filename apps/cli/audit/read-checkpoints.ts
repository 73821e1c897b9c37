import { setTimeout as sleep } from 'node:timers/promises'
import { Topics } from '#libs/contracts/catalogue'
import { Checkpoint } from '#libs/contracts/checkpoint'
import { readEnv, ServiceEnv } from '#libs/runtime/env'
import { contractCheck } from '#libs/runtime/json/validator'
import { CompactedTables } from '#libs/runtime/kafka/compacted-table'
import { TopicsAdmin } from '#libs/runtime/kafka/topics-admin'
import { createLogger } from '#libs/runtime/logger'

export interface KnownCheckpoints {
  items: Checkpoint[]
  verifierKeys: string[]
}

const PATIENCE_MS = 30_000

/**
 * Checkpoints out of a text: the answer of `GET /v1/public/checkpoints`, which holds the keys too, or one checkpoint a line,
 * as they stand on `weir.checkpoints.v1`. Throws an Error on anything else.
 */
export function parseCheckpoints(text: string): KnownCheckpoints {
  const whole = parsed(text) as { items?: unknown; verifierKeys?: unknown } | undefined
  const keys = whole?.verifierKeys
  const items = Array.isArray(whole?.items)
    ? (whole.items as unknown[])
    : text
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map(parsed)
  return {
    items: items.map(checkpointOf),
    verifierKeys: Array.isArray(keys) ? keys.filter((key) => typeof key === 'string') : [],
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function checkpointOf(value: unknown, index: number): Checkpoint {
  try {
    contractCheck(Checkpoint)(value)
    return value as Checkpoint
  } catch (error) {
    throw new Error(`checkpoint ${index + 1} is none`, { cause: error })
  }
}

/** Every checkpoint on `weir.checkpoints.v1`: the copy that the database cannot change. Throws an Error without Kafka. */
export async function publishedCheckpoints(): Promise<Checkpoint[]> {
  const env = readEnv(ServiceEnv)
  const logger = createLogger('cli', 'silent')
  const tables = new CompactedTables(env, 'cli', logger, new TopicsAdmin(env, logger))
  // Nothing is ever taken from this topic, so that it can be read like a table; every record counts, not the last of a shard.
  const table = tables.open({ ...Topics.checkpoints, cleanup: 'compact' })
  const found: Checkpoint[] = []
  table.onChange((_shard, checkpoint) => {
    if (checkpoint) found.push(checkpoint)
  })
  tables.onModuleInit()
  const patience = new AbortController()
  try {
    const late = sleep(PATIENCE_MS, undefined, { signal: patience.signal }).then(() => {
      throw new Error(`${Topics.checkpoints.name} could not be read in time; --no-topic leaves it out`)
    })
    await Promise.race([table.ready, late])
    return found
  } finally {
    patience.abort()
    await tables.onApplicationShutdown()
  }
}
