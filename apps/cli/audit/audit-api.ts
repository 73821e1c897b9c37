import { Readable } from 'node:stream'
import { type ApiOptions, ServiceApi } from '../service-api.js'
import { type KnownCheckpoints, parseCheckpoints } from './read-checkpoints.js'

/** The audit routes of enforcement. */
export class AuditApi {
  private constructor(private readonly api: ServiceApi) {}

  /** @throws Error where there is no token and none can be made */
  static async open(options: ApiOptions): Promise<AuditApi> {
    return new AuditApi(await ServiceApi.open(options, 'auditor', 'weir-audit'))
  }

  /** Every published checkpoint, newest first, and the keys. */
  async checkpoints(): Promise<KnownCheckpoints> {
    const all: KnownCheckpoints = { items: [], verifierKeys: [] }
    for (let cursor: string | null = ''; cursor !== null;) {
      const after: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
      const answer = await this.api.get(`/public/checkpoints?limit=200${after}`)
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
    const { body } = await this.api.get(`/audit/export?${query}`)
    return Readable.from(body ?? [])
  }
}
