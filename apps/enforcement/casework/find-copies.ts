import { Injectable } from '@nestjs/common'
import { Clock } from '#libs/runtime/clock'
import { encodeCursor, type Page } from '#libs/runtime/http/paging'
import { asOf } from '../ledger/cases/case-work.rules.js'
import { CaseEntryStore, type PossibleCopy } from '../ledger/cases/case-entry.store.js'
import { partsOf } from '../ledger/cases/case.js'
import { CaseStore } from '../ledger/cases/case.store.js'
import type { CopyView } from './copy-view.js'
import { resemblanceTo, soughtFor, type Resemblance } from './copies.rules.js'
import { WorkOnCases } from './work-on-cases.js'

/** Copies are looked for of as many of the newest messages of a case. */
const MESSAGES_COMPARED = 100
/** Entries that one request looks at: a page may be short, or empty, and still have a next one. */
const MAX_LOOKED_AT = 1_000

/** Finds reposts and near-duplicates of what is in a case, over all accounts and platforms. */
@Injectable()
export class FindCopies {
  constructor(
    private readonly work: WorkOnCases,
    private readonly cases: CaseStore,
    private readonly entries: CaseEntryStore,
    private readonly clock: Clock,
  ) {}

  /** The newest first. @throws Problem 404 */
  async of(caseId: string, limit: number, after: [Date, string] | undefined): Promise<Page<CopyView>> {
    const found = await this.work.mustFind(caseId)
    const parts = partsOf(found)
    const sought = soughtFor(await this.entries.ofCases(parts, MESSAGES_COMPARED))
    const copies: (PossibleCopy & Resemblance)[] = []
    let next = after
    let more = sought.keys.size > 0
    for (let looked = 0; more && copies.length < limit && looked < MAX_LOOKED_AT;) {
      const batch = Math.min(2 * limit, MAX_LOOKED_AT - looked)
      const page = await this.entries.withCopyKeys([...sought.keys.keys()], batch, next)
      more = page.length === batch
      for (const [at, entry] of page.entries()) {
        looked++
        next = [entry.receivedAt, entry._id]
        const inCase = entry.caseId !== null && !parts.includes(entry.caseId)
        const resemblance = inCase ? resemblanceTo(sought, entry) : null
        if (resemblance && copies.push({ ...entry, ...resemblance }) === limit) {
          more ||= at < page.length - 1
          break
        }
      }
    }
    const nextCursor = more && next ? encodeCursor([next[0].toISOString(), next[1]]) : null
    return { items: await this.withStates(copies), nextCursor }
  }

  private async withStates(copies: readonly (PossibleCopy & Resemblance)[]): Promise<CopyView[]> {
    const cases = await this.cases.byIds([...new Set(copies.map(({ caseId }) => caseId!))])
    const now = this.clock.now()
    const states = new Map(cases.map((found) => [found._id, asOf(found, now).state]))
    return copies.map(
      ({
        _id: verdictId,
        caseId,
        platformId,
        accountId,
        messageId,
        outcome,
        receivedAt,
        why,
        similarity,
      }) => ({
        verdictId,
        platformId,
        accountId,
        messageId,
        outcome,
        receivedAt,
        caseId: caseId!,
        // An entry is in its case before the case is written.
        caseState: states.get(caseId!) ?? 'open',
        why,
        similarity,
      }),
    )
  }
}
