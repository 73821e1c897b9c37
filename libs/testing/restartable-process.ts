import { setTimeout as delay } from 'node:timers/promises'
import type { GuardedProcess } from './guarded-process.js'
import { lastLines } from './run-tool.js'
import { StackError } from './stack-error.js'

const READY_WITHIN_MS = 120_000
const POLL_MS = 50

export interface ProcessRecipe {
  /** As a person would call it. */
  name: string
  launch: () => GuardedProcess | Promise<GuardedProcess>
  /** Whether it can be used; asked again and again until it says yes. */
  isReady: () => Promise<boolean>
  /** Milliseconds between SIGTERM and SIGKILL. */
  graceMs: number
}

/** One long-lived child process that can be stopped, killed and brought back. */
export class RestartableProcess {
  private current: GuardedProcess | undefined
  private expectedToEnd = false
  private lastExitCode: number | null | undefined
  private readonly listeners: ((error: StackError) => void)[] = []

  constructor(private readonly recipe: ProcessRecipe) {}

  get pid(): number {
    if (!this.current) throw new Error(`${this.recipe.name} has not been started`)
    return this.current.pid
  }

  get running(): boolean {
    return this.current?.running ?? false
  }

  /** Of the process that ended last: null where a signal ended it; undefined before any has. */
  get exitCode(): number | null | undefined {
    return this.lastExitCode
  }

  output(): string {
    return this.current?.output() ?? ''
  }

  /**
   * Starts it, unless it runs, and resolves when it is ready. Waits first for the end of one that was just killed.
   * @throws StackError `ended-early` with the end of its log, or `not-ready` after two minutes; it is then stopped.
   */
  async start(): Promise<void> {
    if (this.running && !this.expectedToEnd) return
    await this.current?.exited
    this.expectedToEnd = false
    const started = await this.recipe.launch()
    this.current = started
    void started.exited.then(({ code }) => {
      this.lastExitCode = code
    })
    try {
      await this.untilReady(started)
    } catch (error) {
      this.expectedToEnd = true
      await started.stop(this.recipe.graceMs)
      throw error
    }
    void started.exited.then(({ code, signal }) => {
      if (this.expectedToEnd) return
      const error = new StackError(
        'ended-early',
        `${this.recipe.name} ended by itself (${signal ?? `exit code ${code}`}).`,
      )
      for (const listener of this.listeners) listener(error)
    })
  }

  /** SIGTERM, and SIGKILL when it takes too long; resolves when it is gone, at once if it does not run. */
  async stop(): Promise<void> {
    this.expectedToEnd = true
    await this.current?.stop(this.recipe.graceMs)
  }

  /** Sends a signal and does not wait. */
  kill(signal: NodeJS.Signals): void {
    if (signal === 'SIGKILL' || signal === 'SIGTERM') this.expectedToEnd = true
    this.current?.kill(signal)
  }

  /** Called when it ends though neither `stop` nor `kill` asked for it. */
  onUnexpectedEnd(listener: (error: StackError) => void): void {
    this.listeners.push(listener)
  }

  private async untilReady(started: GuardedProcess): Promise<void> {
    const { name, isReady } = this.recipe
    const deadline = performance.now() + READY_WITHIN_MS
    for (;;) {
      if (!started.running) {
        const { code, signal } = await started.exited
        const how = signal ?? `exit code ${code}`
        throw new StackError(
          'ended-early',
          `${name} ended before it was ready (${how}):\n${lastLines(started.output())}`,
        )
      }
      if (await isReady()) return
      if (performance.now() > deadline) {
        throw new StackError(
          'not-ready',
          `${name} was not ready within two minutes:\n${lastLines(started.output())}`,
        )
      }
      await delay(POLL_MS)
    }
  }
}
