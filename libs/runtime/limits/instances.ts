import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnModuleInit,
  Optional,
} from '@nestjs/common'
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '../logger.js'
import { LOGGER } from '../tokens.js'
import { InstanceStore } from './instances.store.js'
import type { Company } from './window-share.rules.js'
import { within } from './within.js'

/** Between signs of life, and while the database is away, milliseconds. */
interface BeatTimes {
  readonly beat: number
  readonly retry: number
}
const BEATS: BeatTimes = { beat: 2_000, retry: 1_000 }
/** For each call of a beat; with two calls and the pause between beats it stays below `VALID_MS`. */
const PATIENCE_MS = 1_000
/**
 * What was seen of the others holds for so long. It is less than the time after which a silent instance does not count, so
 * that nobody takes a share of one that still takes its own.
 */
const VALID_MS = 5_000

/**
 * How many instances of this service live, and one clock for all of them, by signs of life in the service's database. Where
 * that is away, the last that was seen counts; nothing ever waits for it.
 */
@Injectable()
export class Instances implements OnModuleInit, BeforeApplicationShutdown {
  private readonly id = randomUUID()
  private stopping = false
  private wake = new AbortController()
  private count = 1
  private reachable = false
  /** Of the server's clock before `performance.now()`. */
  private clockOffset = Date.now() - performance.now()
  private seenAt = -Infinity
  private knownSince = -Infinity

  constructor(
    private readonly store: InstanceStore,
    @Inject(LOGGER) private readonly logger: Logger,
    @Optional() private readonly times: BeatTimes = BEATS,
  ) {}

  /** Before the first request, where the database is there. */
  async onModuleInit(): Promise<void> {
    await this.beat()
    void this.run()
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true
    this.wake.abort()
    if (!this.store.connected) return
    await within(PATIENCE_MS, 'signing off', this.store.signOff(this.id)).catch(() => undefined)
  }

  /** Milliseconds since 1970 by the database server's clock; by this machine's until that was seen. */
  now(): number {
    return this.clockOffset + performance.now()
  }

  company(): Company {
    const now = performance.now()
    // Whoever saw the others before this one was known does so no more after that time.
    const settled = now - this.seenAt < VALID_MS && now - this.knownSince > VALID_MS
    return { instances: this.count, settled, reachable: this.reachable }
  }

  /** A call to the database has failed: it is not asked again before a beat has reached it, which comes at once. */
  lost(error: unknown): void {
    if (!this.reachable) return
    this.logger.warn({ err: error }, 'limits hold by even shares: no database')
    this.reachable = false
    this.wake.abort()
  }

  /** A sign of life, and a look at the others. Never rejects. */
  async beat(): Promise<void> {
    try {
      if (!this.store.connected) throw new Error('not connected')
      await within(PATIENCE_MS, 'sign of life', this.store.sign(this.id))
      const asked = performance.now()
      const { count, now } = await within(PATIENCE_MS, 'look at the others', this.store.look())
      const answered = performance.now()
      this.clockOffset = now - (asked + answered) / 2
      // One that was silent for longer may have been left out of count, and comes anew.
      if (asked - this.seenAt > VALID_MS) this.knownSince = asked
      this.seenAt = asked
      this.count = count
      this.reachable = true
    } catch (error) {
      this.lost(error)
    }
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      this.wake = new AbortController()
      const { beat, retry } = this.times
      const { signal } = this.wake
      await sleep(this.reachable ? beat : retry, undefined, { signal, ref: false }).catch(() => undefined)
      if (!this.stopping) await this.beat()
    }
  }
}
