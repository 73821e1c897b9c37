import { Injectable } from '@nestjs/common'
import { Topics } from '#libs/contracts/catalogue'
import { accountKey } from '#libs/contracts/ids'
import type { Message } from '#libs/contracts/message'
import type { PolicyRecord } from '#libs/contracts/policy-record'
import { RetryableError } from '#libs/platform/errors'
import { type CompactedTable, CompactedTables } from '#libs/platform/kafka/compacted-table'
import { buildJudge, type Judge } from './judge.js'
import { type InForce, inForceAt, periodAt } from './policy/policy-book.rules.js'

/** A judge, and for messages received when it is the one: from `from` up to `until`, milliseconds since 1970. */
interface Reign {
  readonly judge: Judge
  readonly from: number
  readonly until: number
}

/** The judges of this service, made from `weir.policies.v1` as it is published. */
@Injectable()
export class Judges {
  private readonly records: CompactedTable<PolicyRecord>
  private readonly built = new Map<string, Judge>()
  /** The last judge that was the same for all accounts: asked for message after message. */
  private reign: Reign | undefined
  private bounds: readonly number[] | undefined

  constructor(tables: CompactedTables) {
    this.records = tables.open(Topics.policies)
    this.records.onChange(() => (this.reign = this.bounds = undefined))
  }

  /** Whether a policy applies at `instant`: without one this service is not ready. */
  inForce(instant: Date): boolean {
    return inForceAt(this.published(), instant, '') !== undefined
  }

  /** What a message is judged by. Throws a RetryableError while no policy applies: such a message waits. */
  judgeOf(message: Pick<Message, 'platformId' | 'accountId' | 'receivedAt'>): Judge {
    const at = Date.parse(message.receivedAt)
    if (this.reign && at >= this.reign.from && at < this.reign.until) return this.reign.judge
    const account = accountKey(message.platformId, message.accountId)
    const found = inForceAt(this.published(), new Date(at), account)
    if (!found) throw new RetryableError('no-policy', 'No live policy applies to this message yet.')
    const judge = this.build(found)
    const period = periodAt(this.published(), at)
    this.reign = period && { judge, ...period }
    return judge
  }

  /** The counts of followers from which any policy that is known asks for a second person, the lowest first. */
  reachBounds(): readonly number[] {
    return (this.bounds ??= boundsIn(this.published()))
  }

  private build(found: InForce): Judge {
    const key = JSON.stringify([found.policy, ...found.banks].map(({ name, version }) => [name, version]))
    const known = this.built.get(key)
    if (known) return known
    const judge = buildJudge(found)
    this.built.set(key, judge)
    return judge
  }

  private *published(): Iterable<PolicyRecord> {
    for (const [, record] of this.records.entries()) yield record
  }
}

function boundsIn(records: Iterable<PolicyRecord>): number[] {
  const bounds = [...records].flatMap(({ kind, document }) => {
    if (kind !== 'policy') return []
    const { minFollowers } = (document['secondApproval'] ?? {}) as { minFollowers?: unknown }
    return typeof minFollowers === 'number' ? [minFollowers] : []
  })
  return [...new Set(bounds)].sort((a, b) => a - b)
}
