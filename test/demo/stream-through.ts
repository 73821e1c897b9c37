import { setTimeout as sleep } from 'node:timers/promises'
import type { Producer } from 'kafkajs'
import { Topics } from '#libs/contracts/catalogue'
import type { Message } from '#libs/contracts/message'
import type { Timing } from './figures.js'
import type { PlannedRecord } from './plan-records.js'
import { ProgressBar } from './progress-bar.js'
import { sendRecords, type SentRecord } from './send-records.js'
import type { TopicFollower } from './topic-follower.js'

/** Well below what two cores get through, so that the latency is not that of a queue. */
export const RATE_PER_SECOND = 200
const OPENING_WITHIN_MS = 60_000

/**
 * Sends the first message of each platform and waits until it is accepted: new platforms are consumed within seconds. Then
 * sends the others at a steady rate, and waits by `drained` until all is through.
 */
export async function streamThrough(
  producer: Producer,
  plan: readonly PlannedRecord[],
  sent: Map<number, SentRecord>,
  follower: TopicFollower,
  drained: (onProgress: (open: string) => void) => Promise<void>,
): Promise<Timing> {
  const platforms = new Set(plan.map(({ platformId }) => platformId))
  await sendRecords(producer, plan.slice(0, platforms.size), RATE_PER_SECOND, sent, () => undefined)
  await untilAccepted(platforms, follower)

  const bar = new ProgressBar('streaming', plan.length)
  const start = performance.now()
  await sendRecords(producer, plan.slice(platforms.size), RATE_PER_SECOND, sent, (count) =>
    bar.update(platforms.size + count),
  )
  const sendingMs = performance.now() - start
  await drained((open) => {
    if (process.stdout.isTTY) bar.update(plan.length, open)
  })
  bar.update(plan.length, 'all through')
  bar.end()
  return { sendingMs, totalMs: performance.now() - start }
}

async function untilAccepted(platforms: ReadonlySet<string>, follower: TopicFollower): Promise<void> {
  const end = Date.now() + OPENING_WITHIN_MS
  for (;;) {
    const seen = new Set(follower.values<Message>(Topics.messages.name).map(({ platformId }) => platformId))
    if ([...platforms].every((id) => seen.has(id))) return
    if (Date.now() > end)
      throw new Error('The first messages of the platforms were not accepted within a minute.')
    await sleep(50)
  }
}
