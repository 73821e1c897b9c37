import { Readable } from 'node:stream'
import { signLocalToken } from '#libs/runtime/auth/local-token'
import { readEnv, ServiceEnv } from '#libs/runtime/env'
import { type KnownCheckpoints, parseCheckpoints } from './read-checkpoints.js'

export interface ApiOptions {
  readonly url: string
  readonly token?: string
}

/** The audit routes of enforcement. */
export class AuditApi {
  private constructor(
    private readonly base: string,
    private readonly token: string,
  ) {}

  /** @throws Error where there is no token and none can be made */
  static async open({ url, token }: ApiOptions): Promise<AuditApi> {
    return new AuditApi(`${url.replace(/\/+$/, '')}/v1`, token ?? (await ownToken()))
  }

  /** Every published checkpoint, newest first, and the keys. */
  async checkpoints(): Promise<KnownCheckpoints> {
    const all: KnownCheckpoints = { items: [], verifierKeys: [] }
    for (let cursor: string | null = ''; cursor !== null;) {
      const after: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
      const answer = await this.get(`/public/checkpoints?limit=200${after}`)
      const text = await answer.text()
      const { items, verifierKeys } = parseCheckpoints(text)
      all.items.push(...items)
      all.verifierKeys = verifierKeys
      cursor = (JSON.parse(text) as { nextCursor: string | null }).nextCursor
    }
    return all
  }

  async export(from: Date | undefined, to: Date | undefined): Promise<Readable> {
    const query = new URLSearchParams({
      ...(from ? { from: from.toISOString() } : {}),
      ...(to ? { to: to.toISOString() } : {}),
    })
    const { body } = await this.get(`/audit/export?${query}`)
    return Readable.from(body ?? [])
  }

  private async get(path: string): Promise<Response> {
    const answer = await fetch(`${this.base}${path}`, { headers: { authorization: `Bearer ${this.token}` } })
    if (answer.ok) return answer
    const problem = (await answer.json().catch(() => ({}))) as { detail?: string }
    throw new Error(`${this.base}${path.split('?')[0]} answered ${answer.status}: ${problem.detail ?? ''}`)
  }
}

async function ownToken(): Promise<string> {
  const given = process.env['WEIR_TOKEN']
  if (given) return given
  const env = readEnv(ServiceEnv)
  if (env.OIDC_ISSUER !== undefined || env.NODE_ENV === 'production') {
    throw new Error('--token or WEIR_TOKEN is needed: tokens come from the OIDC issuer here')
  }
  return signLocalToken(env.LOCAL_KEY_DIR, { roles: ['auditor'], subject: 'weir-audit' }, 1)
}
