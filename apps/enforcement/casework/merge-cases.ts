import { Injectable } from '@nestjs/common'
import { assertFresh } from '#libs/runtime/http/if-match'
import { badRequest, conflict, type Problem } from '#libs/runtime/http/problem'
import { AccountLedger } from '../ledger/account-ledger.js'
import { applyMerge } from './apply-merge.rules.js'
import { hasDone } from '../ledger/cases/case-work.rules.js'
import { caseAfter } from '../ledger/cases/case-transitions.js'
import type { CaseDocument } from '../ledger/cases/case.js'
import { CaseStore } from '../ledger/cases/case.store.js'
import { clusterCase } from './given-decision.js'
import { assertRoomForNotes, WorkOnCases, type WorkRequest } from './work-on-cases.js'

/** Makes a decided case a part of the open one of its account. */
@Injectable()
export class MergeCases {
  constructor(
    private readonly work: WorkOnCases,
    private readonly cases: CaseStore,
    private readonly ledger: AccountLedger,
  ) {}

  /**
   * The case that the other became a part of. Whoever may decide that one may merge into it.
   * @throws Problem 400, 404, 412, 409 `cluster-case`, `another-account`, `case-merged`, `case-…`, `too-many-notes`, and what
   * `applyMerge` refuses
   */
  async merge(caseId: string, into: string, request: WorkRequest): Promise<CaseDocument> {
    const { caller, requestId, ifMatch, note } = request
    const [found, target] = await Promise.all([this.work.mustFind(caseId), this.cases.byId(into)])
    if (!target || into === caseId) throw noTarget()
    if (found.mergedInto !== into) {
      if (!hasDone(found, requestId)) assertFresh(ifMatch, found.version)
      this.assertFits(found, target, request)
    }
    const { platformId, accountId } = found
    await this.ledger.change([
      {
        platformId,
        accountId,
        actor: caller.subject,
        make: (facts, context) => applyMerge(facts, { caseId, into, requestId }, context),
      },
    ])
    return note === undefined ? this.work.mustFind(into) : this.work.note(into, caller, note, requestId)
  }

  private assertFits(found: CaseDocument, target: CaseDocument, { caller, note }: WorkRequest): void {
    const { state, mergedInto } = found
    if (found.kind === 'cluster' || target.kind === 'cluster') throw clusterCase()
    if (found.platformId !== target.platformId || found.accountId !== target.accountId) {
      throw conflict('another-account', 'Only cases of one account are merged.')
    }
    if (mergedInto) throw conflict('case-merged', `The case is a part of ${mergedInto} already.`)
    if (caseAfter(state, 'merge') === undefined) {
      throw conflict(`case-${state}`, `The case is ${state}; only a decided one becomes a part of another.`)
    }
    if (target.state === 'decided') throw intoNotOpen()
    this.work.assertCan(target, { action: 'decide' }, caller)
    assertRoomForNotes(found.notes.length + target.notes.length + (note === undefined ? 0 : 1))
  }
}

function intoNotOpen(): Problem {
  return conflict('into-not-open', 'A case is merged into an open case of its account only.')
}

function noTarget(): Problem {
  return badRequest('invalid-request', 'The case cannot be merged like this.', [
    { path: '/into', reason: 'must be another case' },
  ])
}
