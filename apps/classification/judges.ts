import { Injectable } from '@nestjs/common'
import { Topics } from '#libs/contracts/catalogue'
import { accountKey } from '#libs/contracts/ids'
import type { Message } from '#libs/contracts/message'
import type { PolicyRecord } from '#libs/contracts/policy-record'
import { RetryableError } from '#libs/runtime/errors'
import { type CompactedTable, CompactedTables } from '#libs/runtime/kafka/compacted-table'
import { BankVersions } from '#libs/policy/banks/bank-versions'
import { buildJudge, type Judge } from './judge.js'
import { Lexicons } from './lexicons.js'
import { type InForce, openBook, type PolicyBook, type PolicyPage } from './policy/policy-book.rules.js'

/** Judges that are kept: banks change often, and each version that judges has one. */
const MAX_BUILT = 16

/** What the choice of a judge rests on. */
export type Judged = Pick<Message, 'platformId' | 'accountId' | 'receivedAt'>

/** A page, and the judge where it is the same for all accounts: asked for message after message. */
interface OpenPage extends PolicyPage {
  judge?: Judge
}

/** The judges of this service, made from `weir.policies.v1` as it is published. */
@Injectable()
export class Judges {
  private readonly records: CompactedTable<PolicyRecord>
  /** The one used last at the end. */
  private readonly built = new Map<string, Judge>()
  private readonly versions = new BankVersions()
  private readonly lexicons = new Lexicons()
  private book: PolicyBook | undefined
  private page: OpenPage | undefined
  private bounds: readonly number[] | undefined

  constructor(tables: CompactedTables) {
    this.records = tables.open(Topics.policies)
    this.records.onChange(() => {
      this.book = undefined
      this.page = undefined
      this.bounds = undefined
    })
  }

  /** Whether a policy applies at `instant`: without one this service is not ready. */
  inForce(instant: Date): boolean {
    return this.opened().pageAt(instant.getTime()).forAccount('') !== undefined
  }

  /**
   * What a message is judged by.
   * @throws RetryableError `no-policy`, `unreadable-policy` while there is none: such a message waits
   */
  judgeOf({ platformId, accountId, receivedAt }: Judged): Judge {
    const at = Date.parse(receivedAt)
    const page = this.pageAt(at)
    if (page.judge) return page.judge
    const found = page.forAccount(accountKey(platformId, accountId))
    if (!found) throw new RetryableError('no-policy', 'No live policy applies to this message yet.')
    const judge = this.build(found)
    if (page.sameForAll) page.judge = judge
    return judge
  }

  /** The counts of followers from which any policy that is known asks for a second person, the lowest first. */
  reachBounds(): readonly number[] {
    return (this.bounds ??= boundsIn(this.published()))
  }

  private pageAt(at: number): OpenPage {
    const { page } = this
    if (page && at >= page.from && at < page.until) return page
    return (this.page = this.opened().pageAt(at))
  }

  private opened(): PolicyBook {
    return (this.book ??= openBook(this.published(), this.versions))
  }

  private build(found: InForce): Judge {
    const key = JSON.stringify([found.policy, ...found.banks].map(({ name, version }) => [name, version]))
    const judge = this.built.get(key) ?? buildJudge(found, this.lexicons)
    this.built.delete(key)
    this.built.set(key, judge)
    for (const oldest of this.built.keys()) {
      if (this.built.size <= MAX_BUILT) break
      this.built.delete(oldest)
    }
    return judge
  }

  private *published(): Iterable<PolicyRecord> {
    for (const [, record] of this.records.entries()) yield record
  }
}

function boundsIn(records: Iterable<PolicyRecord>): number[] {
  const bounds = [...records].flatMap(({ kind, document }) => {
    if (kind !== 'policy') return []
    const { minFollowers } = (document?.['secondApproval'] ?? {}) as { minFollowers?: unknown }
    return typeof minFollowers === 'number' ? [minFollowers] : []
  })
  return [...new Set(bounds)].sort((a, b) => a - b)
}
