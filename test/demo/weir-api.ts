import type { ServiceName } from '#libs/contracts/catalogue'
import { signLocalToken } from '#libs/runtime/auth/local-token'
import type { Role } from '#libs/runtime/auth/roles'
import type { DemoSystem } from './start-demo-system.js'

/** What a service refused, with its answer. */
export class ApiError extends Error {
  override readonly name = 'ApiError'

  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message)
  }
}

/** Calls the services over HTTP as their users do. */
export class WeirApi {
  constructor(private readonly system: Pick<DemoSystem, 'services' | 'keys'>) {}

  token(role: Role): Promise<string> {
    return signLocalToken(this.system.keys, { roles: [role], subject: `demo-${role}` })
  }

  /** The body of the answer. @throws ApiError where it is not a success */
  async call<T>(service: ServiceName, role: Role, method: string, path: string, body?: object): Promise<T> {
    const response = await fetch(`${this.system.services[service].url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${await this.token(role)}`,
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    const text = await response.text()
    if (!response.ok)
      throw new ApiError(
        response.status,
        `${method} ${path} of ${service} answered ${response.status}: ${text}`,
      )
    return JSON.parse(text) as T
  }

  /** All items of a list, page by page. */
  async all<T>(service: ServiceName, role: Role, path: string): Promise<T[]> {
    const items: T[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const at = `${path}${path.includes('?') ? '&' : '?'}limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`
      const page: { items: T[]; nextCursor: string | null } = await this.call(service, role, 'GET', at)
      items.push(...page.items)
      cursor = page.nextCursor
    }
    return items
  }

  /** The sum of a metric's samples whose labels include `labels`. */
  async sum(service: ServiceName, name: string, labels: Record<string, string> = {}): Promise<number> {
    const response = await fetch(`${this.system.services[service].url}/metrics`)
    return (await response.text())
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`))
      .filter((line) =>
        Object.entries(labels).every(([label, value]) => line.includes(`${label}="${value}"`)),
      )
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
  }
}
