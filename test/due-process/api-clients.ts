import { setTimeout as sleep } from 'node:timers/promises'
import type { Role } from '#libs/runtime/auth/roles'
import type { ServiceProcess } from '#libs/testing/service-process'
import type { WeirSystem } from '../harness/weir-system.js'

/** Somebody with a token; without roles, somebody without one. */
export interface Person {
  readonly subject: string
  readonly roles: readonly Role[]
  readonly platform?: string
}

/** A call that was answered. */
export interface Answered {
  readonly by: string
  readonly path: string
  /** By the clock of this machine, milliseconds. */
  readonly startedAt: number
  readonly answeredAt: number
  readonly status: number
  // The answers of all routes pass through here; whoever reads one knows which it is.
  readonly body: Record<string, unknown>
  readonly tries: number
}

const PATIENCE_MS = 150_000
const PAUSE_MS = 150

/**
 * Calls instances of enforcement that may be killed at any moment: a call is sent again, with its Idempotency-Key and to any
 * of them, until one answers it.
 */
export class ApiClients {
  readonly answered: Answered[] = []
  /** Answers that a service must never give: 500 and the like. */
  readonly faults: string[] = []
  private readonly tokens = new Map<string, Promise<string>>()
  private keys = 0

  constructor(
    private readonly system: WeirSystem,
    private readonly instances: readonly ServiceProcess[],
    private readonly random: () => number,
  ) {}

  get retries(): number {
    return this.answered.reduce((sum, { tries }) => sum + tries - 1, 0)
  }

  get(as: Person, path: string): Promise<Answered> {
    return this.untilAnswered(as, path, { method: 'GET' })
  }

  /** One effect, however often it has to be sent. */
  post(as: Person, path: string, json: unknown = {}): Promise<Answered> {
    // As long as a secret has to be, so that an appeal under it is opened once.
    const key = `key-${String(++this.keys).padStart(16, '0')}`
    const headers = { 'content-type': 'application/json', 'idempotency-key': key }
    return this.untilAnswered(as, path, { method: 'POST', headers, body: JSON.stringify(json) })
  }

  private async untilAnswered(as: Person, path: string, init: RequestInit): Promise<Answered> {
    const startedAt = Date.now()
    for (let tries = 1; Date.now() < startedAt + PATIENCE_MS; tries++) {
      const answer = await this.once(as, path, init)
      if (answer && !isToBeAskedAgain(answer)) {
        const one = { by: as.subject, path, startedAt, answeredAt: Date.now(), tries, ...answer }
        this.answered.push(one)
        return one
      }
      await sleep(PAUSE_MS * (0.5 + this.random()))
    }
    throw new Error(`Nobody answered ${path} within ${PATIENCE_MS} ms.`)
  }

  /** Null where no answer came. */
  private async once(
    as: Person,
    path: string,
    init: RequestInit,
  ): Promise<Pick<Answered, 'status' | 'body'> | null> {
    const { url } = this.instances[Math.floor(this.random() * this.instances.length)]!
    const headers = new Headers(init.headers)
    if (as.roles.length > 0) headers.set('authorization', `Bearer ${await this.tokenOf(as)}`)
    try {
      const response = await fetch(`${url}${path}`, {
        ...init,
        headers,
        signal: AbortSignal.timeout(20_000),
      })
      const text = await response.text()
      const { status } = response
      if (status >= 500 && status !== 503) this.faults.push(`${path}: ${status} ${text}`)
      return { status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> }
    } catch {
      return null
    }
  }

  private tokenOf({ subject, roles, platform }: Person): Promise<string> {
    const known = this.tokens.get(subject)
    if (known) return known
    const made = this.system.token({ subject, roles: [...roles], ...(platform ? { platform } : {}) })
    this.tokens.set(subject, made)
    return made
  }
}

/** The slug of a problem (RFC 9457). */
export function slugOf({ body }: Pick<Answered, 'body'>): string {
  const { type } = body
  return typeof type === 'string' ? type.split(/[/:]/).at(-1)! : ''
}

function isToBeAskedAgain(answer: Pick<Answered, 'status' | 'body'>): boolean {
  return answer.status >= 500 || answer.status === 429 || slugOf(answer) === 'in-progress'
}
