import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common'
import { setTimeout as sleep } from 'node:timers/promises'
import { isRetryable } from './errors.js'
import { type Logger } from './logger.js'
import { LOGGER } from './tokens.js'

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 5_000

/**
 * Work that must have succeeded before the service is ready but must not keep it from starting: it waits for what is away.
 * A permanent failure rejects; unobserved, it ends the process.
 */
@Injectable()
export class Startup implements BeforeApplicationShutdown {
  private readonly pending = new Map<string, string>()
  private readonly stopping = new AbortController()

  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  /** Runs `task`, again and again while it fails retryably; resolves when it succeeded or the service stops. */
  async run(name: string, task: () => Promise<void>): Promise<void> {
    this.pending.set(name, 'not done yet')
    for (
      let pause = FIRST_PAUSE_MS;
      !this.stopping.signal.aborted;
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
    ) {
      try {
        await task()
        this.pending.delete(name)
        return
      } catch (error) {
        if (this.stopping.signal.aborted) return
        if (!isRetryable(error)) throw error
        const reason = error instanceof Error ? error.message : String(error)
        this.pending.set(name, reason)
        this.logger.warn({ task: name, reason }, 'not ready yet, trying again')
        await sleep(pause, undefined, { signal: this.stopping.signal }).catch(() => undefined)
      }
    }
  }

  /** The tasks that have not succeeded yet, with the last reason. */
  unfinished(): ReadonlyMap<string, string> {
    return this.pending
  }

  /** No task is tried again. */
  beforeApplicationShutdown(): void {
    this.stopping.abort()
  }
}
