import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAttempt, type AttemptResult, hopeless, tryAgain } from './attempt.rules.js'
import {
  type Attempt,
  type Channel,
  CHANNELS,
  type Delivery,
  type DeliveryState,
  type NoticeContent,
  NOWHERE,
} from './delivery.js'
import type { DeliveryStore } from './delivery.store.js'
import type { NoticeStore } from './notice.store.js'

/** Makes one attempt over one channel. Says what came of it; rejects only when something of ours is broken. */
export interface Sender {
  send(delivery: Delivery, content: NoticeContent): Promise<AttemptResult>
  /** Looks after what no attempt would. */
  sweep?(): Promise<void>
  /** No more attempts will come. */
  close(): void
}

export interface DispatcherOptions {
  /** Attempts under way at once to one destination: what a dead one can hold. */
  perDestination: number
  /** Attempts under way at once in all. */
  inFlight: number
  /** Longest that an attempt may hold its slot: longer than a channel's own end, shorter than the lease. */
  attemptMs: number
  /** Longer than any attempt takes. After a crash, what was under way is tried again when it ends. */
  leaseMs: number
  /** How often to look for what has become due. */
  pollMs: number
  /** Text and addresses of notices that are older are forgotten. */
  keepMs: number
  /** Longest that a stop waits for attempts under way. */
  stopMs: number
  now: () => Date
  /** From 0 to 1. */
  random: () => number
  onAttempt: (channel: Channel, state: DeliveryState, seconds: number) => void
  onExpired: (channel: Channel, count: number) => void
  onForgotten: (what: string, count: number) => void
  /** Before a look: the first that is to be forgotten was made at `since`, of those made before `before`; null: none. */
  onOverdue: (what: string, since: Date | null, before: Date) => void
  /** Something of ours failed; the work comes again. */
  onError: (error: unknown) => void
}

const FORGET_EVERY_MS = 3_600_000
/** In one round, so that deliveries do not wait for it. */
const FORGET_BATCH_SIZE = 1_000
/** Deliveries looked at in one query. */
const LOOK_AHEAD = 64

/**
 * Sends what is due from MongoDB. Any number of instances may run: a conditional update claims each delivery for a lease.
 * A crash between sending and noting it leads to the same bytes once more under the same id, never to a loss.
 */
export class Dispatcher implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly underWay = new Map<string, number>()
  private readonly attempts = new Set<Promise<void>>()
  private wakeUp: () => void = () => undefined
  private wanted = false
  private running: Promise<void> | null = null
  private stopping = false
  private after = ''
  private sweptAt = -Infinity
  private forgotAt = -Infinity

  constructor(
    private readonly deliveries: DeliveryStore,
    private readonly notices: NoticeStore,
    private readonly senders: Readonly<Record<Channel, Sender>>,
    private readonly options: DispatcherOptions,
  ) {}

  onApplicationBootstrap(): void {
    this.running ??= this.run()
  }

  /** Claims no more and waits for the attempts that are under way, for a time. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true
    this.wake()
    await this.running
    const tooLong = new AbortController()
    await Promise.race([
      Promise.all(this.attempts),
      sleep(this.options.stopMs, undefined, { signal: tooLong.signal }).catch(() => undefined),
    ])
    tooLong.abort()
    for (const channel of CHANNELS) this.senders[channel].close()
  }

  /** Something may have become due. */
  wake(): void {
    this.wanted = true
    this.wakeUp()
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      this.wanted = false
      const found = await this.round().catch((error: unknown) => {
        this.options.onError(error)
        return false
      })
      if (!found) await this.rest()
    }
  }

  private rest(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.options.pollMs)
      this.wakeUp = () => {
        clearTimeout(timer)
        resolve()
      }
      if (this.wanted || this.stopping) this.wakeUp()
    })
  }

  /** Begins attempts for what is due, as far as there is room. Says whether there may be more to do at once. */
  private async round(): Promise<boolean> {
    await this.sweep()
    const room = this.options.inFlight - this.attempts.size
    if (room <= 0) return false
    const due = await this.findDue(Math.min(room, LOOK_AHEAD))
    const chosen = this.withinLimits(due)
    const claimed = await this.deliveries.claim(chosen, this.options.now(), this.options.leaseMs)
    const contents = await this.notices.contents(claimed.map((delivery) => delivery.noticeId))
    for (const delivery of claimed) this.begin(delivery, contents.get(delivery.noticeId) ?? null)
    return due.length > 0
  }

  /** Goes on after the destination that came last, and starts anew at the end of the list. */
  private async findDue(limit: number): Promise<Pick<Delivery, '_id' | 'destination'>[]> {
    const busy = [...this.underWay]
      .filter(([, count]) => count >= this.options.perDestination)
      .map(([name]) => name)
    const look = () => this.deliveries.due({ now: this.options.now(), busy, after: this.after, limit })
    let due = await look()
    if (due.length === 0 && this.after !== '') {
      this.after = ''
      due = await look()
    }
    this.after = due.length < limit ? '' : (due.at(-1)?.destination ?? '')
    return due
  }

  private withinLimits(due: readonly Pick<Delivery, '_id' | 'destination'>[]): string[] {
    const planned = new Map(this.underWay)
    return due
      .filter(({ destination }) => {
        const count = (planned.get(destination) ?? 0) + 1
        planned.set(destination, count)
        return count <= this.options.perDestination
      })
      .map(({ _id }) => _id)
  }

  private begin(delivery: Delivery, content: NoticeContent | null): void {
    this.count(delivery.destination, 1)
    const attempt = this.attempt(delivery, content)
      .catch((error: unknown) => this.options.onError(error))
      .finally(() => {
        this.attempts.delete(attempt)
        this.count(delivery.destination, -1)
        this.wake()
      })
    this.attempts.add(attempt)
  }

  private async attempt(delivery: Delivery, content: NoticeContent | null): Promise<void> {
    const at = this.options.now()
    const started = performance.now()
    const result = content ? await this.trySending(delivery, content) : hopeless('no-content')
    const durationMs = Math.round(performance.now() - started)
    if (result.kind === 'held') return this.hold(delivery, result)
    const attempt: Attempt = { at, outcome: result.outcome, statusCode: result.statusCode, durationMs }
    const endedAt = this.options.now()
    const settled = afterAttempt(result, delivery.tries, endedAt, this.options.random())
    await this.deliveries.settle(delivery, attempt, settled, endedAt)
    if (delivery.channel !== NOWHERE)
      this.options.onAttempt(delivery.channel, settled.state, durationMs / 1000)
  }

  /** No attempt was made, so none is counted. */
  private async hold(delivery: Delivery, result: AttemptResult): Promise<void> {
    const { nextAttemptAt } = afterAttempt(result, delivery.tries, this.options.now(), 0)
    await this.deliveries.hold(delivery, nextAttemptAt!)
  }

  private async trySending(delivery: Delivery, content: NoticeContent): Promise<AttemptResult> {
    if (delivery.channel === NOWHERE) return hopeless('no-address')
    const late = Promise.withResolvers<AttemptResult>()
    const end = setTimeout(() => late.resolve(tryAgain('timeout')), this.options.attemptMs)
    try {
      return await Promise.race([this.senders[delivery.channel].send(delivery, content), late.promise])
    } catch (error) {
      this.options.onError(error)
      return tryAgain('internal')
    } finally {
      clearTimeout(end)
    }
  }

  private count(destination: string, change: number): void {
    const count = (this.underWay.get(destination) ?? 0) + change
    if (count > 0) this.underWay.set(destination, count)
    else this.underWay.delete(destination)
  }

  private async sweep(): Promise<void> {
    if (performance.now() - this.sweptAt >= this.options.pollMs) {
      this.sweptAt = performance.now()
      for (const channel of CHANNELS) {
        await this.senders[channel].sweep?.()
        const count = await this.deliveries.expire(channel, this.options.now())
        if (count > 0) this.options.onExpired(channel, count)
      }
    }
    await this.forget(this.options.now())
  }

  /** Once an hour of the service's clock, which may be moved; until nothing is left that is to be forgotten. */
  private async forget(now: Date): Promise<void> {
    if (Math.abs(now.getTime() - this.forgotAt) < FORGET_EVERY_MS) return
    const before = new Date(now.getTime() - this.options.keepMs)
    this.options.onOverdue(
      'notice',
      await earliest(this.notices.oldestWritten(before), this.deliveries.oldestAddressed(before)),
      before,
    )
    const notices = await this.notices.forget(before, FORGET_BATCH_SIZE)
    const addresses = await this.deliveries.forget(before, FORGET_BATCH_SIZE)
    this.options.onForgotten('notice', notices)
    this.options.onForgotten('address', addresses)
    if (notices < FORGET_BATCH_SIZE && addresses < FORGET_BATCH_SIZE) this.forgotAt = now.getTime()
  }
}

async function earliest(...looks: Promise<Date | null>[]): Promise<Date | null> {
  const found = (await Promise.all(looks)).filter((at) => at !== null)
  return found.length === 0 ? null : new Date(Math.min(...found.map((at) => at.getTime())))
}
