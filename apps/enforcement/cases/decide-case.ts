import { Injectable } from '@nestjs/common'
import type { Bilingual } from '#libs/contracts/directive'
import { derivedId } from '#libs/contracts/ids'
import type { Measure } from '#libs/contracts/measures-in-force'
import { type Caller, hasRole } from '#libs/platform/auth/caller'
import { Clock } from '#libs/platform/clock'
import { badRequest, conflict, forbidden, type FieldProblem, type Problem } from '#libs/platform/http/problem'
import { clauseOf, type Policy } from '#libs/policy/policy-document'
import { AccountChanges, type AccountRequest } from '../accounts/account-changes.js'
import type { AccountChange } from '../accounts/account-draft.rules.js'
import { applyDecision, type PersonsDecision } from '../accounts/apply-decision.rules.js'
import { detectorsOf } from '../accounts/apply-verdicts.rules.js'
import { MOST_MESSAGES } from '../decisions/decision.js'
import { DecisionStore, type DecisionDocument } from '../decisions/decision.store.js'
import { assertRoom } from '../decisions/reasons-room.rules.js'
import { PolicyStore } from '../policies/policy.store.js'
import { FindingStore } from '../findings/finding.store.js'
import type { FindingRecord } from '../findings/finding.js'
import { type CaseEntry, partsOf } from './case.js'
import { CaseEntryStore } from './case-entry.store.js'
import type { CaseDocument } from './case.store.js'
import { WorkOnCases, type WorkRequest } from './work-on-cases.js'

/** A decision as a person gives it. */
export interface GivenDecision {
  measure: Measure
  clause?: string
  reasons: Bilingual
  messageIds: string[]
  until?: string
  notBefore?: string
}

/** A person decides a case. */
@Injectable()
export class DecideCase {
  constructor(
    private readonly work: WorkOnCases,
    private readonly entries: CaseEntryStore,
    private readonly findings: FindingStore,
    private readonly decisions: DecisionStore,
    private readonly policies: PolicyStore,
    private readonly changes: AccountChanges,
    private readonly clock: Clock,
  ) {}

  /**
   * Decides a case that is the caller's or nobody's: it is the caller's from before the decision is made until it is stored.
   * @throws Problem 400, 403 where the role does not reach so far, 404, 409 where the case is closed, held or another's, 412
   */
  async decide(
    caseId: string,
    given: GivenDecision,
    { caller, requestId, ifMatch }: WorkRequest,
  ): Promise<DecisionDocument> {
    const decisionId = decisionIdOf(caseId, requestId)
    const made = await this.made(caseId, requestId)
    if (made) return made
    const request = await this.request(caseId, decisionId, given, caller)
    await this.work.work(caseId, { action: 'decide' }, { caller, requestId, ifMatch })
    await this.changes.make([request])
    return (await this.decisions.byId(decisionId))!
  }

  /** The decision that a request made before; null where it made none. */
  async made(caseId: string, requestId: string): Promise<DecisionDocument | null> {
    return this.decisions.byId(decisionIdOf(caseId, requestId))
  }

  /** What the decision would do; nothing is changed. */
  async preview(caseId: string, given: GivenDecision, caller: Caller): Promise<AccountChange> {
    const request = await this.request(caseId, decisionIdOf(caseId, 'preview'), given, caller)
    return (await this.changes.preview(request))!
  }

  private async request(
    caseId: string,
    decisionId: string,
    given: GivenDecision,
    caller: Caller,
  ): Promise<AccountRequest> {
    const found = await this.work.mustFind(caseId)
    if (found.kind === 'cluster') throw clusterCase()
    assertMayDecide(given.measure, caller)
    this.work.assertCan(found, { action: 'decide' }, caller)
    await this.policies.refresh(this.clock.now())
    assertFits(given, this.policies.inForce(this.clock.now()).policy, this.clock.now())
    const { entries, findings } = await this.evidenceFor(found, given.messageIds)
    const decision: PersonsDecision = {
      decisionId,
      caseId,
      measure: given.measure,
      clause: given.clause ?? null,
      reasons: given.reasons,
      messages: messagesOf(entries, findings, given.messageIds),
      verdictIds: entries.map((entry) => entry._id).sort(),
      findingIds: [...new Set(findings.map(({ findingId }) => findingId))].sort(),
      detectors: [...new Set(entries.flatMap((entry) => detectorsOf(entry.categories)))].sort(),
      until: given.until ? new Date(given.until) : null,
      notBefore: given.notBefore ? new Date(given.notBefore) : null,
    }
    return {
      platformId: found.platformId,
      accountId: found.accountId,
      actor: caller.subject,
      messageIds: given.messageIds,
      decisionIds: [decisionId],
      make: (facts, context) =>
        facts.decisions.some((made) => made.decisionId === decisionId)
          ? null
          : applyDecision(facts, decision, context),
    }
  }

  /**
   * The verdicts on the messages, and the findings that name those on which the case has no verdict.
   * @throws Problem 400 for a message that neither is about
   */
  private async evidenceFor(
    found: CaseDocument,
    messageIds: readonly string[],
  ): Promise<{ entries: CaseEntry[]; findings: FindingRecord[] }> {
    const { platformId, accountId } = found
    const parts = partsOf(found)
    const entries = await this.entries.ofCasesAndMessages(parts, messageIds)
    const judged = new Set(entries.map((entry) => entry.messageId))
    const others = messageIds.filter((id) => !judged.has(id))
    if (others.length === 0) return { entries, findings: [] }
    const findings = (await this.findings.ofCases(parts, MOST_FINDINGS)).filter((finding) =>
      others.some((id) => names(finding, id)),
    )
    const missing = messageIds.flatMap((id, i): FieldProblem[] =>
      judged.has(id) || findings.some((finding) => names(finding, id))
        ? []
        : [{ path: `/messageIds/${i}`, reason: 'is no message of this case' }],
    )
    if (missing.length > 0) throw badRequest('invalid-request', 'A message is not in this case.', missing)
    const elsewhere = await this.entries.ofMessages(platformId, accountId, others, MOST_VERDICTS)
    return { entries: [...entries, ...elsewhere], findings }
  }
}

const MOST_FINDINGS = 100
const MOST_VERDICTS = 1_000

function names({ members }: FindingRecord, messageId: string): boolean {
  return members.some(({ messageIds }) => messageIds.includes(messageId))
}

function decisionIdOf(caseId: string, requestId: string): string {
  return derivedId('dec', caseId, requestId)
}

/** Why a cluster is not decided like a case on one account. */
export function clusterCase(): Problem {
  return conflict('cluster-case', 'The case is about a cluster; it is decided by itself.')
}

/** @throws Problem 403 where the roles do not reach so far */
export function assertMayDecide(measure: Measure, caller: Caller): void {
  if (measure === 'none') return
  if (measure === 'ban' ? hasRole(caller, 'senior') : hasRole(caller, 'moderator', 'senior')) return
  throw forbidden(`Your roles do not reach as far as ${measure}.`, 'measure-too-grave')
}

/** Measures whose end may be set. */
const ENDING: readonly Measure[] = ['warn', 'limit', 'suspend']

/** @throws Problem 400 for what does not go together; without `messageIds` the case says which are meant */
export function assertFits(
  given: Omit<GivenDecision, 'messageIds'> & Partial<GivenDecision>,
  policy: Policy,
  now: Date,
): void {
  const problems: FieldProblem[] = []
  const { measure, clause, messageIds, until } = given
  if (measure !== 'none' && !clause) {
    problems.push({ path: '/clause', reason: 'is needed: no measure without a clause' })
  }
  if (clause !== undefined && !clauseOf(policy, clause)) {
    problems.push({ path: '/clause', reason: 'is no clause of the policy in force' })
  }
  if (measure !== 'none' && messageIds?.length === 0) {
    problems.push({ path: '/messageIds', reason: 'must name the messages that the measure rests on' })
  }
  if (until && !ENDING.includes(measure)) {
    problems.push({ path: '/until', reason: `does not go with ${measure}` })
  }
  if (until && new Date(until) <= now) problems.push({ path: '/until', reason: 'must be in the future' })
  if (problems.length > 0)
    throw badRequest('invalid-request', 'The decision cannot be made like this.', problems)
  assertRoom(given.reasons, messageIds?.length ?? MOST_MESSAGES)
}

/** A message that was never judged was sent no earlier than the window of what found it begins. */
function messagesOf(
  entries: readonly CaseEntry[],
  findings: readonly FindingRecord[],
  messageIds: readonly string[],
): PersonsDecision['messages'] {
  return [...new Set(messageIds)].map((messageId) => {
    const sent = entries
      .filter((entry) => entry.messageId === messageId)
      .map((entry) => Date.parse(entry.message.sentAt))
    const found = findings.filter((finding) => names(finding, messageId)).map(({ window }) => window.from)
    const instants = sent.length > 0 ? sent : found.map((from) => from.getTime())
    return { messageId, sentAt: new Date(Math.min(...instants)) }
  })
}
