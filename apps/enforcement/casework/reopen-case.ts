import { Injectable } from '@nestjs/common'
import { assertFresh } from '#libs/runtime/http/if-match'
import { conflict } from '#libs/runtime/http/problem'
import { AccountLedger, type AccountRequest } from '../ledger/account-ledger.js'
import { applyReopening } from './apply-reopening.rules.js'
import { hasDone } from '../ledger/cases/case-work.rules.js'
import { caseAfter } from '../ledger/cases/case-transitions.js'
import type { CaseDocument } from '../ledger/cases/case.js'
import { assertRoomForNotes, WorkOnCases, type WorkRequest } from './work-on-cases.js'

/** Opens a decided case again. */
@Injectable()
export class ReopenCase {
  constructor(
    private readonly work: WorkOnCases,
    private readonly ledger: AccountLedger,
  ) {}

  /** @throws Problem 404, 412, 409 where it is not decided, the account has another open case, or it can have no more notes */
  async reopen(caseId: string, { caller, requestId, ifMatch, note }: WorkRequest): Promise<CaseDocument> {
    const found = await this.work.mustFind(caseId)
    const isRepeat = hasDone(found, requestId)
    if (!isRepeat) {
      assertFresh(ifMatch, found.version)
      if (found.mergedInto) throw conflict('case-merged', `The case is a part of ${found.mergedInto} now.`)
      // What is held is opened by refusing what is held.
      if (found.state === 'held' || caseAfter(found.state, 'reopen') === undefined) {
        throw conflict(`case-${found.state}`, `The case is ${found.state}; only a decided one is reopened.`)
      }
    }
    if (found.kind === 'cluster') {
      if (isRepeat) return found
      return this.work.reopenCluster(found, { caller, requestId, note })
    }
    if (!isRepeat) {
      if (note !== undefined) assertRoomForNotes(found.notes.length + 1)
      const { platformId, accountId } = found
      const make: AccountRequest['make'] = (facts, context) =>
        applyReopening(facts, { caseId, requestId }, context)
      await this.ledger.change([{ platformId, accountId, actor: caller.subject, make }])
    }
    return note === undefined ? this.work.mustFind(caseId) : this.work.note(caseId, caller, note, requestId)
  }
}
