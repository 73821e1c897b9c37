import { Injectable } from '@nestjs/common'
import { derivedId } from '#libs/contracts/ids'
import type { Caller } from '#libs/runtime/auth/caller'
import { Clock } from '#libs/runtime/clock'
import { asProblem, badRequest, conflict, type Problem } from '#libs/runtime/http/problem'
import { clauseOf } from '#libs/policy/policy-document'
import { type CaseDocument, type CaseEntry, partsOf } from '../ledger/cases/case.js'
import { asOf } from '../ledger/cases/case-work.rules.js'
import { CaseEntryStore } from '../ledger/cases/case-entry.store.js'
import { DecideCase } from './decide-case.js'
import { clusterCase, type GivenDecision, termProblems } from './given-decision.js'
import { WorkOnCases } from './work-on-cases.js'
import { PolicyStore } from '../policies/policy.store.js'
import { digestOfDecision, KEY_REUSED } from './asked.js'
import { MAX_MESSAGES } from '../ledger/decisions/decision.js'
import { previewOf } from './decision-preview.js'
import { decisionView } from './decision-view.js'
import type { BulkResult } from './decisions-api.js'

/** One decision for many cases. */
export interface BulkDecision extends Omit<GivenDecision, 'messageIds'> {
  caseIds: readonly string[]
}

const MAX_ENTRIES = 200

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
    this.assertTerm(bulk)
    const whole = digestOfDecision(caller.subject, bulk, [...new Set(bulk.caseIds)].sort())
    return this.each(bulk, async (caseId) => {
      const request = { caller, requestId: derivedId('req', requestId, caseId), whole }
      const found = await this.mustFind(caseId)
      const given = await this.given(found, bulk)
      const made = await this.decideCase.made(caseId, given, request)
      if (!made) this.assertUndecided(found)
      const decision = made ?? (await this.decideCase.decide(caseId, given, request))
      return { caseId, decision: decisionView(decision), problem: null }
    })
  }

  /** What the decisions would do, each by itself; nothing is changed. */
  async preview(bulk: BulkDecision, caller: Caller): Promise<BulkResult[]> {
    this.assertTerm(bulk)
    return this.each(bulk, async (caseId) => {
      const found = await this.mustFind(caseId)
      this.assertUndecided(found)
      const change = await this.decideCase.preview(caseId, await this.given(found, bulk), caller)
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

  private async mustFind(caseId: string): Promise<CaseDocument> {
    const found = await this.work.mustFind(caseId)
    if (found.kind === 'cluster') throw clusterCase()
    return found
  }

  private assertUndecided(found: CaseDocument): void {
    const { state } = asOf(found, this.clock.now())
    if (state === 'open' || state === 'claimed') return
    throw conflict(`case-${state}`, `The case is ${state}; only what is undecided is decided in bulk.`)
  }

  /** @throws Problem 400 for what is wrong whichever case it is for */
  private assertTerm(bulk: BulkDecision): void {
    const problems = termProblems(bulk, this.clock.now())
    if (problems.length > 0) {
      throw badRequest('invalid-request', 'The decisions cannot be made like this.', problems)
    }
  }

  /** The decision for one case: it rests on the messages that were found to be of the clause's category. */
  private async given(
    found: CaseDocument,
    { caseIds: _all, ...decision }: BulkDecision,
  ): Promise<GivenDecision> {
    if (decision.measure === 'none') return { ...decision, messageIds: [] }
    await this.policies.refresh(this.clock.now())
    const { policy } = this.policies.inForce(this.clock.now())
    const clause = decision.clause === undefined ? null : clauseOf(policy, decision.clause)
    if (!clause) throw noClause()
    const entries = await this.entries.ofCases(partsOf(found), MAX_ENTRIES)
    const messageIds = entries
      .filter((entry) => speaksOf(entry, clause.category))
      .map((entry) => entry.messageId)
    if (messageIds.length === 0) {
      throw conflict('no-messages', `No message of the case was found to be of category ${clause.category}.`)
    }
    // The newest.
    return { ...decision, messageIds: [...new Set(messageIds)].slice(0, MAX_MESSAGES) }
  }
}

function noClause(): Problem {
  const errors = [{ path: '/clause', reason: 'must be a clause of the policy in force' }]
  return badRequest('invalid-request', 'The decision cannot be made like this.', errors)
}

function speaksOf(entry: CaseEntry, category: string): boolean {
  return entry.categories.some((one) => one.category === category && one.outcome !== 'clear')
}

/** A case that cannot be decided like this; an outage or a key that was another's is none and ends the request. */
function refusedFor(caseId: string, error: unknown): BulkResult {
  const problem = asProblem(error)
  if (!problem || problem.slug === KEY_REUSED) throw error
  const { status, slug: type, detail, errors } = problem
  return { caseId, problem: { type, status, detail, errors } }
}
