import { Injectable } from '@nestjs/common'
import type { WeirEventKind } from '#libs/contracts/weir-event'
import { Clock } from '#libs/runtime/clock'
import { conflict, forbidden, notFound } from '#libs/runtime/http/problem'
import { clauseOf } from '#libs/policy/policy-document'
import { partsOf } from '../ledger/cases/case.js'
import { CaseEntryStore } from '../ledger/cases/case-entry.store.js'
import { CaseStore } from '../ledger/cases/case.store.js'
import { eventOf } from '../outbox/event.rules.js'
import { FindingStore } from '../ledger/findings/finding.store.js'
import { Outbox } from '../outbox/outbox.js'
import type { Pending } from '../outbox/pending.js'
import { pendingEvent } from '../outbox/pending-event.js'
import { PolicyStore } from '../policies/policy.store.js'
import { GoldenCaseStore, goldenIdOf, type GoldenCase, type GoldenCaseDocument } from './golden-case.store.js'
import type { Judgement } from './review.js'
import { assertJudgement } from './assert-judgement.js'

export interface GoldenProposal extends Judgement {
  caseId: string
  why: string
}

/** How seniors make cases golden: one proposes, another approves, any retires. */
@Injectable()
export class KeepGoldenCases {
  constructor(
    private readonly goldenCases: GoldenCaseStore,
    private readonly cases: CaseStore,
    private readonly entries: CaseEntryStore,
    private readonly findings: FindingStore,
    private readonly policies: PolicyStore,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /**
   * Proposes a decided case with its right answer; the same proposal by the same person again changes nothing.
   * @throws Problem 400; 404; 409 `cluster-case`, `case-undecided`, `case-with-finding`, `evidence-erased`, `golden-already`
   */
  async propose({ caseId, measure, clause, why }: GoldenProposal, by: string): Promise<GoldenCaseDocument> {
    const found = await this.cases.byId(caseId)
    if (!found) throw notFound('There is no such case.')
    if (found.kind === 'cluster') throw conflict('cluster-case', 'A case on a cluster cannot be golden.')
    if (found.state !== 'decided' && found.state !== 'closed') {
      throw conflict('case-undecided', `The case is ${found.state}; only a decided one can be golden.`)
    }
    const now = this.clock.now()
    if (await this.findings.hadCome(partsOf(found), now)) {
      throw conflict('case-with-finding', 'What a finding saw over many messages is not shown in a review.')
    }
    if (await this.entries.anyErased(partsOf(found), now)) {
      throw conflict('evidence-erased', 'Evidence of the case is kept no more; nobody could judge it.')
    }
    await this.policies.refresh(now)
    const { policy, version } = this.policies.inForce(now)
    assertJudgement({ measure, clause }, policy)
    const _id = goldenIdOf(caseId)
    const { platformId, accountId, severity } = found
    const category = (clause === null ? null : clauseOf(policy, clause))?.category ?? found.gravest.category
    const golden: GoldenCase = {
      caseId,
      platformId,
      accountId,
      category,
      severity,
      policyVersion: version,
      evidenceUntil: now,
      expected: { measure, clause },
      why,
      state: 'proposed',
      proposedBy: by,
      proposedAt: now,
      approvedBy: null,
      approvedAt: null,
      retiredBy: null,
      retiredAt: null,
    }
    const pending = [told('golden_case.proposed', { ...golden, _id }, now, by)]
    const document = { _id, ...golden, pending, outboxAt: new Date() }
    if (await this.goldenCases.add(document)) return this.deliver(document)
    const there = await this.mustFind(_id)
    if (there.proposedBy === by && there.why === why && isSame(there.expected, { measure, clause }))
      return there
    throw conflict('golden-already', 'The case is, or was, a golden one.')
  }

  /** @throws Problem 404; 403 `own-proposal`; 409 `golden-retired` */
  async approve(goldenId: string, by: string): Promise<GoldenCaseDocument> {
    const found = await this.mustFind(goldenId)
    if (found.proposedBy === by) throw forbidden('A second person must approve it.', 'own-proposal')
    if (found.state === 'approved') return found
    if (found.state === 'retired') throw conflict('golden-retired', 'The golden case was retired.')
    const now = this.clock.now()
    const set = { state: 'approved' as const, approvedBy: by, approvedAt: now }
    return this.change(found, set, told('golden_case.approved', found, now, by))
  }

  /** Takes it out of use; answers to it no longer count. @throws Problem 404 */
  async retire(goldenId: string, by: string): Promise<GoldenCaseDocument> {
    const found = await this.mustFind(goldenId)
    if (found.state === 'retired') return found
    const now = this.clock.now()
    const set = { state: 'retired' as const, retiredBy: by, retiredAt: now }
    return this.change(found, set, told('golden_case.retired', found, now, by))
  }

  private async change(
    found: GoldenCaseDocument,
    set: Partial<GoldenCase>,
    pending: Pending,
  ): Promise<GoldenCaseDocument> {
    const changed = await this.goldenCases.change(found, set, pending)
    if (!changed) throw conflict('golden-changed', 'Somebody else has just changed it.')
    return this.deliver(changed)
  }

  private async deliver(golden: GoldenCaseDocument): Promise<GoldenCaseDocument> {
    await this.outbox.deliver([golden], this.goldenCases.goldenCases)
    return golden
  }

  private async mustFind(goldenId: string): Promise<GoldenCaseDocument> {
    const found = await this.goldenCases.byId(goldenId)
    if (!found) throw notFound('There is no such golden case.')
    return found
  }
}

function isSame(a: Judgement, b: Judgement): boolean {
  return a.measure === b.measure && a.clause === b.clause
}

function told(
  kind: WeirEventKind,
  { _id, caseId, platformId, accountId, expected }: Pick<GoldenCaseDocument, '_id'> & GoldenCase,
  now: Date,
  by: string,
): Pending {
  const { measure, clause } = expected
  const facts = { caseId, platformId, accountId, measure, ...(clause === null ? {} : { clause }) }
  const value = eventOf(kind, `golden-case/${_id}`, '', now, by, facts)
  return pendingEvent(value)
}
