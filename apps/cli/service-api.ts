import { signLocalToken } from '#libs/runtime/auth/local-token'
import type { Role } from '#libs/runtime/auth/roles'
import { readEnv, ServiceEnv } from '#libs/runtime/env'

export interface ApiOptions {
  readonly url: string
  readonly token?: string
}

/** The API of a service. */
export class ServiceApi {
  private constructor(
    private readonly base: string,
    private readonly token: string,
  ) {}

  /**
   * With the token that is given, else that in WEIR_TOKEN, else one of the local system for `role`.
   * @throws Error where there is no token and none can be made
   */
  static async open({ url, token }: ApiOptions, role: Role, subject: string): Promise<ServiceApi> {
    return new ServiceApi(`${url.replace(/\/+$/, '')}/v1`, token ?? (await ownToken(role, subject)))
  }

  /** @throws Error that says what the service answered, where it is no 2xx */
  async get(path: string): Promise<Response> {
    const answer = await fetch(`${this.base}${path}`, { headers: { authorization: `Bearer ${this.token}` } })
    if (answer.ok) return answer
    const problem = (await answer.json().catch(() => ({}))) as { detail?: string }
    throw new Error(`${this.base}${path.split('?')[0]} answered ${answer.status}: ${problem.detail ?? ''}`)
  }
}

async function ownToken(role: Role, subject: string): Promise<string> {
  const given = process.env['WEIR_TOKEN']
  if (given) return given
  const env = readEnv(ServiceEnv)
  if (env.OIDC_ISSUER !== undefined || env.NODE_ENV === 'production') {
    throw new Error('--token or WEIR_TOKEN is needed: tokens come from the OIDC issuer here')
  }
  return signLocalToken(env.LOCAL_KEY_DIR, { roles: [role], subject }, 1)
}
