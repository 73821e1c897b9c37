import { Injectable } from '@nestjs/common'
import { derivedId } from '#libs/contracts/ids'
import type { Caller } from '#libs/platform/auth/caller'
import { Clock } from '#libs/platform/clock'
import { badRequest, conflict, Problem } from '#libs/platform/http/problem'
import { clauseOf } from '#libs/policy/policy-document'
import { type CaseEntry, partsOf } from '../cases/case.js'
import { asOf } from '../cases/case-work.rules.js'
import { CaseEntryStore } from '../cases/case-entry.store.js'
import { DecideCase } from '../cases/decide-case.js'
import { clusterCase, type GivenDecision } from '../cases/given-decision.js'
import { WorkOnCases } from '../cases/work-on-cases.js'
import { PolicyStore } from '../policies/policy.store.js'
import { MOST_MESSAGES } from './decision.js'
import { previewOf } from './decision-preview.js'
import { decisionView } from './decision-view.js'
import type { BulkResult } from './decisions-api.js'

/** One decision for many cases. */
export interface BulkDecision extends Omit<GivenDecision, 'messageIds'> {
  caseIds: readonly string[]
}

const MOST_ENTRIES = 200

/** Decides many cases alike; each stands for itself, and what goes wrong with one keeps no other from being decided. */
@Injectable()
export class DecideInBulk {
  constructor(
    private readonly work: WorkOnCases,
    private readonly entries: CaseEntryStore,
    private readonly decideCase: DecideCase,
    private readonly policies: PolicyStore,
    private readonly clock: Clock,
  ) {}

  /** Makes the decisions; the same request again makes none twice. */
  async decide(bulk: BulkDecision, caller: Caller, requestId: string): Promise<BulkResult[]> {
    return this.each(bulk, async (caseId) => {
      const request = { caller, requestId: derivedId('req', requestId, caseId) }
      const made =
        (await this.decideCase.made(caseId, request.requestId)) ??
        (await this.decideCase.decide(caseId, await this.given(caseId, bulk), request))
      return { caseId, decision: decisionView(made), problem: null }
    })
  }

  /** What the decisions would do, each by itself; nothing is changed. */
  async preview(bulk: BulkDecision, caller: Caller): Promise<BulkResult[]> {
    return this.each(bulk, async (caseId) => {
      const change = await this.decideCase.preview(caseId, await this.given(caseId, bulk), caller)
      return { caseId, preview: previewOf(change), problem: null }
    })
  }

  private async each(
    { caseIds }: BulkDecision,
    one: (caseId: string) => Promise<BulkResult>,
  ): Promise<BulkResult[]> {
    const results: BulkResult[] = []
    for (const caseId of new Set(caseIds)) {
      results.push(await one(caseId).catch((error: unknown) => refusedFor(caseId, error)))
    }
    return results
  }

  /** The decision for one case: it rests on the messages that were found to be of the clause's category. */
  private async given(caseId: string, { caseIds: _all, ...decision }: BulkDecision): Promise<GivenDecision> {
    const found = await this.work.mustFind(caseId)
    const { state, kind } = asOf(found, this.clock.now())
    if (kind === 'cluster') throw clusterCase()
    if (state !== 'open' && state !== 'claimed') {
      throw conflict(`case-${state}`, `The case is ${state}; only what is undecided is decided in bulk.`)
    }
    if (decision.measure === 'none') return { ...decision, messageIds: [] }
    await this.policies.refresh(this.clock.now())
    const { policy } = this.policies.inForce(this.clock.now())
    const clause = decision.clause === undefined ? null : clauseOf(policy, decision.clause)
    if (!clause) throw noClause()
    const entries = await this.entries.ofCases(partsOf(found), MOST_ENTRIES)
    const messageIds = entries
      .filter((entry) => speaksOf(entry, clause.category))
      .map((entry) => entry.messageId)
    if (messageIds.length === 0) {
      throw conflict('no-messages', `No message of the case was found to be of category ${clause.category}.`)
    }
    // The newest.
    return { ...decision, messageIds: [...new Set(messageIds)].slice(0, MOST_MESSAGES) }
  }
}

function noClause(): Problem {
  const errors = [{ path: '/clause', reason: 'must be a clause of the policy in force' }]
  return badRequest('invalid-request', 'The decision cannot be made like this.', errors)
}

function speaksOf(entry: CaseEntry, category: string): boolean {
  return entry.categories.some((one) => one.category === category && one.outcome !== 'clear')
}

/** A case that cannot be decided like this; an outage is none and ends the request, which may come again. */
function refusedFor(caseId: string, error: unknown): BulkResult {
  if (!(error instanceof Problem)) throw error
  const { status, slug: type, detail, errors } = error
  return { caseId, problem: { type, status, detail, errors } }
}
