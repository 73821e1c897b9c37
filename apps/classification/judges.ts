import { Injectable } from '@nestjs/common'
import { Topics } from '#libs/contracts/catalogue'
import { accountKey } from '#libs/contracts/ids'
import type { Message } from '#libs/contracts/message'
import type { PolicyRecord } from '#libs/contracts/policy-record'
import { RetryableError } from '#libs/platform/errors'
import { type CompactedTable, CompactedTables } from '#libs/platform/kafka/compacted-table'
import { buildJudge, type Judge } from './judge.js'
import { inForceAt } from './policy/policy-book.rules.js'

/** The judges of this service, made from `weir.policies.v1` as it is published. */
@Injectable()
export class Judges {
  private readonly records: CompactedTable<PolicyRecord>
  private readonly built = new Map<string, Judge>()

  constructor(tables: CompactedTables) {
    this.records = tables.open(Topics.policies)
  }

  /** Whether a policy applies at `instant`: without one this service is not ready. */
  inForce(instant: Date): boolean {
    return inForceAt(this.published(), instant, '') !== undefined
  }

  /** What a message is judged by. Throws a RetryableError while no policy applies: such a message waits. */
  judgeOf(message: Pick<Message, 'platformId' | 'accountId' | 'receivedAt'>): Judge {
    const account = accountKey(message.platformId, message.accountId)
    const found = inForceAt(this.published(), new Date(message.receivedAt), account)
    if (!found) throw new RetryableError('no-policy', 'No live policy applies to this message yet.')
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
