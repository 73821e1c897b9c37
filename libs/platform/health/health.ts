import { Injectable } from '@nestjs/common'
import { Startup } from '../startup.js'

/** How one part of a service is: up, or down with the reason in a sentence. */
export interface PartHealth {
  readonly status: 'up' | 'down'
  readonly detail?: string
}

export interface HealthReport {
  readonly status: 'up' | 'down'
  readonly parts: Readonly<Record<string, PartHealth>>
}

/** A part that has not answered by then counts as down. */
const PART_TIMEOUT_MS = 3_000

/** Whether a service can do its work now: every registered part is up, and what must happen at start has happened. */
@Injectable()
export class Health {
  private readonly parts = new Map<string, () => PartHealth | Promise<PartHealth>>()
  private stopping = false

  constructor(private readonly startup: Startup) {}

  /** Adds a part to the readiness of this service. `check` is asked on each probe; throwing counts as down. */
  register(name: string, check: () => PartHealth | Promise<PartHealth>): void {
    this.parts.set(name, check)
  }

  /** From now on the service is not ready: it is about to stop. */
  beginStopping(): void {
    this.stopping = true
  }

  /** How every part is now. */
  async report(): Promise<HealthReport> {
    const asked = await Promise.all(
      [...this.parts].map(async ([name, check]) => [name, await answerOf(check)] as const),
    )
    const parts: Record<string, PartHealth> = Object.fromEntries(asked)
    for (const [name, reason] of this.startup.unfinished()) parts[name] = { status: 'down', detail: reason }
    if (this.stopping) parts['service'] = { status: 'down', detail: 'stopping' }
    const up = Object.values(parts).every((part) => part.status === 'up')
    return { status: up ? 'up' : 'down', parts }
  }
}

async function answerOf(check: () => PartHealth | Promise<PartHealth>): Promise<PartHealth> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<PartHealth>((resolve) => {
    timer = setTimeout(() => resolve({ status: 'down', detail: 'no answer' }), PART_TIMEOUT_MS)
  })
  try {
    return await Promise.race([Promise.resolve().then(check), late])
  } catch (error) {
    return { status: 'down', detail: error instanceof Error ? error.message : String(error) }
  } finally {
    clearTimeout(timer)
  }
}
