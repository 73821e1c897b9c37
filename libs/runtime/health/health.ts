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

/** Asked on each probe; throwing counts as down. */
export type Check = () => PartHealth | Promise<PartHealth>

/** A part that has not answered by then counts as down. */
const PART_TIMEOUT_MS = 3_000

/** Whether a service can do its work now: every registered part is up, and what must happen at start has happened. */
@Injectable()
export class Health {
  private readonly parts = new Map<string, Check>()
  private readonly life = new Map<string, Check>()
  private stopping = false

  constructor(private readonly startup: Startup) {}

  /** Adds a part to the readiness of this service. */
  register(name: string, check: Check): void {
    this.parts.set(name, check)
  }

  /** Adds a part whose failure only a restart of the process can heal. */
  registerLife(name: string, check: Check): void {
    this.life.set(name, check)
  }

  /** From now on the service is not ready: it is about to stop. */
  beginStopping(): void {
    this.stopping = true
  }

  /** Whether the process can go on. What is away and will come back does not count. */
  async alive(): Promise<HealthReport> {
    return reportOf(await askAll(this.life))
  }

  /** Whether work can be done now. */
  async report(): Promise<HealthReport> {
    const parts = await askAll(this.parts)
    for (const [name, reason] of this.startup.unfinished()) parts[name] = { status: 'down', detail: reason }
    if (this.stopping) parts['service'] = { status: 'down', detail: 'stopping' }
    return reportOf(parts)
  }
}

async function askAll(checks: ReadonlyMap<string, Check>): Promise<Record<string, PartHealth>> {
  const asked = [...checks].map(async ([name, check]) => [name, await answerOf(check)] as const)
  return Object.fromEntries(await Promise.all(asked))
}

function reportOf(parts: Readonly<Record<string, PartHealth>>): HealthReport {
  const up = Object.values(parts).every((part) => part.status === 'up')
  return { status: up ? 'up' : 'down', parts }
}

async function answerOf(check: Check): Promise<PartHealth> {
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
