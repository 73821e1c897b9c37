import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common'
import { DiscoveryService } from '@nestjs/core'
import { setTimeout as sleep } from 'node:timers/promises'
import { dueTaskOf } from '#libs/runtime/due'
import type { Logger } from '#libs/runtime/logger'
import { ENV, LOGGER } from '#libs/runtime/tokens'
import { declaredMethods } from '#libs/runtime/wiring'
import type { EnforcementEnv } from '../config.js'
import { findOutboxes } from '../outbox/has-outbox.js'
import { Relay } from '../outbox/relay.js'
import { type ClockTask, inOrder } from './clock-tasks.js'

/**
 * Does what is due by the clock (`Due`) and completes outboxes that were left behind (`HasOutbox`), one after the other. Every
 * instance looks; each change is guarded and has derived ids, so it does not matter who comes first.
 */
@Injectable()
export class Timer implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stopping = new AbortController()
  private running: Promise<void> = Promise.resolve()
  private tasks: readonly ClockTask[] = []
  /** When each task was last begun that rests in between. */
  private readonly begunAt = new Map<string, number>()

  constructor(
    private readonly relay: Relay,
    private readonly discovery: DiscoveryService,
    @Inject(ENV) private readonly env: Pick<EnforcementEnv, 'TIMER_MS'>,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws WiringError where two tasks have one place or one name */
  onModuleInit(): void {
    const due = declaredMethods(this.discovery, dueTaskOf).map(({ declared, call }) => ({
      ...declared,
      run: call as ClockTask['run'],
    }))
    // What fails in one collection keeps nothing of another from being delivered.
    const outboxes = findOutboxes(this.discovery).map(({ order, name, collection }) => ({
      order,
      name: `outboxes of ${name}`,
      run: () => this.relay.complete(collection),
    }))
    this.tasks = inOrder([...due, ...outboxes])
  }

  onApplicationBootstrap(): void {
    this.running = this.run()
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort()
    await this.running
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      for (const task of this.tasks) await this.attempt(task)
      await sleep(this.env.TIMER_MS, undefined, { signal: this.stopping.signal }).catch(() => undefined)
    }
  }

  /** What fails now is still due at the next look. */
  private async attempt({ name, everyMs = 0, run }: ClockTask): Promise<void> {
    if (this.stopping.signal.aborted) return
    if (performance.now() - (this.begunAt.get(name) ?? -Infinity) < everyMs) return
    this.begunAt.set(name, performance.now())
    try {
      if ((await run()) === true) this.begunAt.delete(name)
    } catch (error) {
      this.logger.warn({ err: error, what: name }, 'clock task failed, trying again')
    }
  }
}
