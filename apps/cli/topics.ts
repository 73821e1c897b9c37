import { Command } from 'commander'
import { setTimeout as sleep } from 'node:timers/promises'
import { Topics } from '#libs/contracts/catalogue'
import { readEnv, ServiceEnv } from '#libs/runtime/env'
import { isRetryable } from '#libs/runtime/errors'
import { type TopicDifference, TopicsAdmin } from '#libs/runtime/kafka/topics-admin'
import { createLogger } from '#libs/runtime/logger'
import { readTable } from './read-table.js'

/** How long to wait for a broker that is just starting. */
const BROKER_PATIENCE_MS = 30_000

/** One line for people on what is not as the catalogue says. */
export function differenceLine(difference: TopicDifference): string {
  const { topic } = difference
  switch (difference.what) {
    case 'missing':
      return `+ ${topic}  ${difference.wanted.partitions} partitions, ${difference.wanted.replication} replicas`
    case 'config':
      return `~ ${topic}  ${difference.setting}: ${difference.is} → ${difference.wanted}`
    case 'partitions':
      return `! ${topic}  has ${difference.is} partitions, not ${difference.wanted}; fixed at creation, left alone`
  }
}

/** `weir topics plan` and `weir topics apply`. */
export function topicsCommand(): Command {
  const topics = new Command('topics').description('The topics of the catalogue and of registered platforms.')
  topics
    .command('plan')
    .description('Prints what apply would do.')
    .action(() => print((admin, platforms) => admin.plan(platforms), 'every topic is as it should be'))
  topics
    .command('apply')
    .description('Creates missing topics and corrects settings.')
    .action(() => print((admin, platforms) => admin.apply(platforms), 'nothing to do'))
  return topics
}

type Errand = (admin: TopicsAdmin, platformIds: readonly string[]) => Promise<TopicDifference[]>

/** The catalogue's topics come first: which platforms there are stands on one of them. */
async function print(errand: Errand, nothing: string): Promise<void> {
  const env = readEnv(ServiceEnv)
  const logger = createLogger('cli', 'silent')
  const admin = new TopicsAdmin(env, logger)
  const own = await whenThere(() => errand(admin, []))
  const platformIds = await registeredPlatforms(env, admin)
  const theirs = platformIds.length > 0 ? await errand(admin, platformIds) : []
  const lines = new Set([...own, ...theirs].map(differenceLine))
  process.stdout.write(`${lines.size > 0 ? [...lines].join('\n') : nothing}\n`)
}

async function whenThere<T>(errand: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + BROKER_PATIENCE_MS
  for (;;) {
    try {
      return await errand()
    } catch (error) {
      if (!isRetryable(error) || Date.now() > deadline) throw error
      await sleep(500)
    }
  }
}

async function registeredPlatforms(env: ServiceEnv, admin: TopicsAdmin): Promise<string[]> {
  const platforms = await readTable(env, Topics.platforms, admin)
  return platforms.map(([platformId]) => platformId)
}
