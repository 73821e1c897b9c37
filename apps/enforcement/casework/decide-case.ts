import { Injectable } from '@nestjs/common'
import { derivedId } from '#libs/contracts/ids'
import type { Caller } from '#libs/runtime/auth/caller'
import { Clock } from '#libs/runtime/clock'
import { badRequest, conflict, type FieldProblem } from '#libs/runtime/http/problem'
import { AccountLedger, type AccountRequest } from '../ledger/account-ledger.js'
import type { AccountChange } from '../ledger/account-draft.rules.js'
import { applyDecision, type PersonsDecision } from '../ledger/apply-decision.rules.js'
import { detectorsOf } from '../ledger/apply-verdicts.rules.js'
import { digestOfDecision, keyReused } from './asked.js'
import { DecisionStore, type DecisionDocument } from '../ledger/decisions/decision.store.js'
import { PolicyStore } from '../policies/policy.store.js'
import { FindingStore } from '../ledger/findings/finding.store.js'
import type { FindingRecord } from '../ledger/findings/finding.js'
import { type CaseDocument, type CaseEntry, partsOf } from '../ledger/cases/case.js'
import { CaseEntryStore } from '../ledger/cases/case-entry.store.js'
import {
  assertFits,
  assertMayDecide,
  clusterCase,
  type GivenDecision,
  undecidable,
} from './given-decision.js'
import { receivedUnder } from '../ledger/cases/received-under.rules.js'
import { sameDecision, takesDecision } from '../ledger/cases/takes-decision.rules.js'
import { WorkOnCases, type WorkRequest } from './work-on-cases.js'

/** What a decision rests on. */
interface Evidence {
  /** Verdicts on its messages in the case; on those of which that has none, in other cases. */
  entries: CaseEntry[]
  /** Findings that name those on which the case has no verdict. */
  findings: FindingRecord[]
  /** All verdicts on its messages, in whatever case. */
  judged: CaseEntry[]
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
    private readonly ledger: AccountLedger,
    private readonly clock: Clock,
  ) {}

  /**
   * Decides a case that is the caller's or nobody's: it is the caller's from before the decision is made until it is stored.
   * The same decision by the same person again gives the one that was made, until the case is opened again.
   * @throws Problem 400, 403 where the role does not reach so far, 404, 409 where the case is closed, held, decided by a person or
   * another's, 412, 422 where the key of the request was another's
   */
  async decide(caseId: string, given: GivenDecision, request: WorkRequest): Promise<DecisionDocument> {
    const { caller, requestId, ifMatch } = request
    assertMayDecide(given.measure, caller)
    const made = await this.made(caseId, given, request)
    if (made) return made
    const outcome = { decisionId: decisionIdOf(caseId, requestId) }
    const change = await this.tryOnce(caseId, given, request, async () => {
      const prepared = await this.request(caseId, outcome, given, request)
      await this.work.work(caseId, { action: 'decide' }, { caller, requestId, ifMatch })
      return prepared
    })
    if ('decisionId' in change) return change
    await this.ledger.change([change])
    return (await this.decisions.byId(outcome.decisionId))!
  }

  /**
   * The decision that a request made before, or that the same person made by the same decision when the case was last decided;
   * null where there is none. @throws Problem 422 where another request had the key
   */
  async made(
    caseId: string,
    given: GivenDecision,
    { caller, requestId, whole }: WorkRequest,
  ): Promise<DecisionDocument | null> {
    const same = digestOfDecision(caller.subject, given)
    const byKey = await this.decisions.byId(decisionIdOf(caseId, requestId))
    if (byKey) {
      if (byKey.asked?.request !== (whole ?? same)) throw keyReused()
      return byKey
    }
    const { state } = await this.work.mustFind(caseId)
    if (state === 'open' || state === 'claimed') return null
    return sameDecision(await this.decisions.byPeopleOn([caseId]), caseId, same) ?? null
  }

  /** What the decision would do; nothing is changed. */
  async preview(caseId: string, given: GivenDecision, caller: Caller): Promise<AccountChange> {
    assertMayDecide(given.measure, caller)
    const outcome = { decisionId: decisionIdOf(caseId, 'preview') }
    const request = await this.request(caseId, outcome, given, { caller, requestId: 'preview' })
    const change = await this.ledger.preview(request)
    // It was decided just so already.
    if (!change) throw undecidable('decided')
    return change
  }

  /** Another try of the same, which took the case meanwhile, is no conflict but the answer. */
  private async tryOnce<T>(
    caseId: string,
    given: GivenDecision,
    request: WorkRequest,
    attempt: () => Promise<T>,
  ): Promise<T | DecisionDocument> {
    try {
      return await attempt()
    } catch (error) {
      const made = await this.made(caseId, given, request).catch(() => null)
      if (made) return made
      throw error
    }
  }

  /** `outcome`: says in the end which decision there is. */
  private async request(
    caseId: string,
    outcome: { decisionId: string },
    given: GivenDecision,
    { caller, whole }: WorkRequest,
  ): Promise<AccountRequest> {
    const found = await this.work.mustFind(caseId)
    if (found.kind === 'cluster') throw clusterCase()
    this.work.assertCan(found, { action: 'decide' }, caller)
    await this.policies.refresh(this.clock.now())
    assertFits(given, this.policies.inForce(this.clock.now()).policy, this.clock.now(), caller)
    const evidence = await this.evidenceFor(found, given.messageIds)
    const { entries, findings } = evidence
    const { decisionId } = outcome
    const same = digestOfDecision(caller.subject, given)
    const messages = await this.messagesOf(evidence, given)
    const decision: PersonsDecision = {
      decisionId,
      caseId,
      measure: given.measure,
      clause: given.clause ?? null,
      reasons: given.reasons,
      messages,
      verdictIds: entries.map((entry) => entry._id).sort(),
      findingIds: [...new Set(findings.map(({ findingId }) => findingId))].sort(),
      detectors: [...new Set(entries.flatMap((entry) => detectorsOf(entry.categories)))].sort(),
      until: given.until ? new Date(given.until) : null,
      notBefore: given.notBefore ? new Date(given.notBefore) : null,
      asked: { same, request: whole ?? same },
    }
    return {
      platformId: found.platformId,
      accountId: found.accountId,
      actor: caller.subject,
      messageIds: given.messageIds,
      decisionIds: [decisionId],
      decidedCaseIds: [caseId],
      policyVersions: messages.flatMap((message) => message.receivedUnder ?? []),
      make: (facts, context) => {
        if (facts.decisions.some((made) => made.decisionId === decisionId)) return null
        const may = takesDecision(facts.state, facts.decisions, caseId, same)
        if ('refused' in may) throw undecidable(may.refused)
        if ('takes' in may) return applyDecision(facts, decision, context)
        outcome.decisionId = may.again
        return null
      },
    }
  }

  /**
   * @throws Problem 400 for a message that neither a verdict nor a finding of the case is about; 409 `evidence-erased`
   */
  private async evidenceFor(found: CaseDocument, messageIds: readonly string[]): Promise<Evidence> {
    const { platformId, accountId } = found
    const parts = partsOf(found)
    const [entries, judged] = await Promise.all([
      this.entries.ofCasesAndMessages(parts, messageIds),
      this.entries.ofMessages(platformId, accountId, messageIds, MAX_VERDICTS),
    ])
    assertKept(entries)
    const inCase = new Set(entries.map((entry) => entry.messageId))
    const others = messageIds.filter((id) => !inCase.has(id))
    if (others.length === 0) return { entries, findings: [], judged }
    const findings = (await this.findings.ofCases(parts, MAX_FINDINGS)).filter((finding) =>
      others.some((id) => names(finding, id)),
    )
    const missing = messageIds.flatMap((id, i): FieldProblem[] =>
      inCase.has(id) || findings.some((finding) => names(finding, id))
        ? []
        : [{ path: `/messageIds/${i}`, reason: 'is no message of this case' }],
    )
    if (missing.length > 0) throw badRequest('invalid-request', 'A message is not in this case.', missing)
    const elsewhere = judged.filter(({ messageId }) => others.includes(messageId))
    return { entries: [...entries, ...elsewhere], findings, judged }
  }

  /** A message that was never judged was sent no earlier than the window of what found it begins. */
  private async messagesOf(
    { entries, findings, judged }: Evidence,
    { messageIds, clause }: GivenDecision,
  ): Promise<PersonsDecision['messages']> {
    const versions = findings.map(({ window }) => this.policies.inForceDuring(window.from, window.to))
    const policies = await this.policies.byVersions([
      ...judged.map(({ policyVersion }) => policyVersion),
      ...versions.flat(),
    ])
    return [...new Set(messageIds)].map((messageId) => {
      const sent = entries
        .filter((entry) => entry.messageId === messageId)
        .map((entry) => Date.parse(entry.message.sentAt))
      const naming = findings.flatMap((finding, i) => (names(finding, messageId) ? [i] : []))
      const instants = sent.length > 0 ? sent : naming.map((i) => findings[i]!.window.from.getTime())
      const known = {
        entries: judged.filter((entry) => entry.messageId === messageId),
        possibleVersions: naming.map((i) => versions[i]!),
      }
      const sentAt = new Date(Math.min(...instants))
      return { messageId, sentAt, ...(clause === undefined ? {} : receivedUnder(known, clause, policies)) }
    })
  }
}

/** Nobody decides on what nobody can read any more. @throws Problem 409 `evidence-erased` */
function assertKept(entries: readonly CaseEntry[]): void {
  const erased = entries.find((entry) => entry.erased !== undefined)
  if (!erased) return
  throw conflict('evidence-erased', `What message ${erased.messageId} said is kept no more.`)
}

const MAX_FINDINGS = 100
const MAX_VERDICTS = 1_000

function names({ members }: FindingRecord, messageId: string): boolean {
  return members.some(({ messageIds }) => messageIds.includes(messageId))
}

function decisionIdOf(caseId: string, requestId: string): string {
  return derivedId('dec', caseId, requestId)
}
