import { Injectable } from '@nestjs/common'
import { derivedId } from '#libs/contracts/ids'
import type { Caller } from '#libs/platform/auth/caller'
import { Clock } from '#libs/platform/clock'
import { badRequest, conflict, type FieldProblem } from '#libs/platform/http/problem'
import { AccountChanges, type AccountRequest } from '../accounts/account-changes.js'
import type { AccountChange } from '../accounts/account-draft.rules.js'
import { applyDecision, type PersonsDecision } from '../accounts/apply-decision.rules.js'
import { detectorsOf } from '../accounts/apply-verdicts.rules.js'
import { DecisionStore, type DecisionDocument } from '../decisions/decision.store.js'
import { PolicyStore } from '../policies/policy.store.js'
import { FindingStore } from '../findings/finding.store.js'
import type { FindingRecord } from '../findings/finding.js'
import { type CaseEntry, partsOf } from './case.js'
import { CaseEntryStore } from './case-entry.store.js'
import type { CaseDocument } from './case.store.js'
import { assertFits, assertMayDecide, clusterCase, type GivenDecision } from './given-decision.js'
import { WorkOnCases, type WorkRequest } from './work-on-cases.js'

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
   * @throws Problem 400 for a message that neither is about; 409 `evidence-erased`
   */
  private async evidenceFor(
    found: CaseDocument,
    messageIds: readonly string[],
  ): Promise<{ entries: CaseEntry[]; findings: FindingRecord[] }> {
    const { platformId, accountId } = found
    const parts = partsOf(found)
    const entries = await this.entries.ofCasesAndMessages(parts, messageIds)
    assertKept(entries)
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

/** Nobody decides on what nobody can read any more. @throws Problem 409 `evidence-erased` */
function assertKept(entries: readonly CaseEntry[]): void {
  const erased = entries.find((entry) => entry.erased !== undefined)
  if (!erased) return
  throw conflict('evidence-erased', `What message ${erased.messageId} said is kept no more.`)
}

const MOST_FINDINGS = 100
const MOST_VERDICTS = 1_000

function names({ members }: FindingRecord, messageId: string): boolean {
  return members.some(({ messageIds }) => messageIds.includes(messageId))
}

function decisionIdOf(caseId: string, requestId: string): string {
  return derivedId('dec', caseId, requestId)
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
