import { derivedId } from '#libs/contracts/ids'
import type { CategoryVerdict, Outcome } from '#libs/contracts/verdict'
import type { AccountIn } from '#libs/contracts/message-in'
import { clauseOf, type Policy, type Severity } from '#libs/policy/policy-document'
import type { DecisionRecord } from './decisions/decision.js'
import { clauseNameOf, heldBack } from './exonerations/exonerate.rules.js'
import type { HeldBack } from './exonerations/exoneration.js'
import { removalReasons } from './statements/reasons.rules.js'
import {
  AccountDraft,
  type AccountChange,
  type AccountFacts,
  type ChangeContext,
} from './account-draft.rules.js'
import type { AccountProfile } from './account-state.js'
import { orderOnMessage } from './enforce-decision.rules.js'
import { withFollowers } from './followers.rules.js'
import { joinRisks, type Risk, signOf } from './risk.rules.js'
import { planSteps, settle } from './settle-account.rules.js'

/** What a verdict tells the account: one that is not clear, not yet taken into a case. */
export interface VerdictFact {
  verdictId: string
  messageId: string
  outcome: Exclude<Outcome, 'clear'>
  mode: string
  categories: CategoryVerdict[]
  policyVersion: string
  receivedAt: Date
  sentAt: Date
  language: string | null
  account: AccountIn | null
  /** Of the text as it is compared; absent where there is none, or nobody told. */
  comparedDigest?: string
}

/** A verdict as it is acted on. */
type ActedOn = VerdictFact & { heldBack: readonly HeldBack[] }

/** The ground on which a verdict acts: the gravest of its categories. */
interface Ground {
  clause: string
  category: string
  severity: Severity
  score: number
}

/**
 * Takes verdicts into the account: each into exactly one case; those that act also remove the message, add its strike and
 * take the ladder's step, as far as automation may (SPEC 4.5 and promises 6, 8, 9). A text that was found wrongly judged under a
 * clause is for review under it. Where the account ends does not depend on the order of the verdicts, nor on how they are split into
 * batches.
 */
export function applyVerdicts(
  facts: AccountFacts,
  verdicts: readonly VerdictFact[],
  context: ChangeContext,
): AccountChange {
  const draft = new AccountDraft(facts, context)
  const ordered = verdicts.map((verdict) => heldBack(verdict, context.exonerations)).sort(byReceipt)
  for (const verdict of ordered) meet(draft, verdict)
  const acting = ordered.filter((verdict) => verdict.outcome === 'act')
  const began = new Set(acting.filter((verdict) => earnsStrike(draft, verdict) && addStrike(draft, verdict)))
  for (const verdict of ordered) {
    if (verdict.outcome === 'act' && earnsStrike(draft, verdict)) continue
    draft.state.risk = joinRisks(draft.state.risk, signOfVerdict(draft, verdict))
  }
  for (const planned of planSteps(draft)) {
    if (planned.held) draft.openCase('held', ordered[0]!.verdictId)
    if (planned.proposes === 'ban') draft.openCase('ban', ordered[0]!.verdictId)
  }
  for (const verdict of ordered) {
    if (verdict.outcome === 'review') draft.openCase('review', verdict.verdictId)
    const caseId = draft.gatheringCase(verdict.verdictId)
    enter(draft, verdict, caseId)
    if (verdict.outcome === 'act') act(draft, verdict, caseId, began.has(verdict))
  }
  settle(draft)
  return draft.finish()
}

/** The gravest category of a verdict that has its outcome, the clause it is cited by and its severity. */
function groundOf(
  verdict: { outcome: Outcome; categories: readonly CategoryVerdict[] },
  policy: Policy,
): Ground {
  const grounds = verdict.categories
    .filter((category) => category.outcome === verdict.outcome)
    .map((category) => {
      const severity = severityOf(category, policy)
      return { clause: clauseNameOf(category), category: category.category, severity, score: category.score }
    })
    .sort((a, b) => b.severity - a.severity || b.score - a.score || (a.clause < b.clause ? -1 : 1))
  return grounds[0] ?? { clause: 'unknown', category: 'unknown', severity: 1, score: 0 }
}

function severityOf(category: CategoryVerdict, policy: Policy): Severity {
  return (category.severity ?? clauseOf(policy, clauseNameOf(category))?.severity ?? 1) as Severity
}

function byReceipt(a: VerdictFact, b: VerdictFact): number {
  return a.receivedAt.getTime() - b.receivedAt.getTime() || (a.verdictId < b.verdictId ? -1 : 1)
}

/** Keeps the account as its platform last described it. */
function meet(draft: AccountDraft, verdict: VerdictFact): void {
  const { state, now } = draft
  state.followersByDay = withFollowers(
    state.followersByDay,
    verdict.account?.followers,
    verdict.receivedAt,
    now,
  )
  if (!verdict.account || (state.profile && state.profile.seenAt > verdict.receivedAt)) return
  state.profile = profileOf(verdict.account, verdict.receivedAt, state.profile)
}

function profileOf(account: AccountIn, seenAt: Date, before: AccountProfile | null): AccountProfile {
  return {
    displayName: account.displayName ?? before?.displayName ?? null,
    kind: account.kind ?? before?.kind ?? null,
    verified: account.verified ?? before?.verified ?? null,
    ownerRef: account.ownerRef ?? before?.ownerRef ?? null,
    followers: account.followers ?? before?.followers ?? null,
    seenAt,
  }
}

/** Whether a verdict that acts earns its message a strike, if that has none: it is live, and the message not too old. */
function earnsStrike(draft: AccountDraft, { mode, policyVersion, receivedAt, sentAt }: VerdictFact): boolean {
  if (mode !== 'live' || draft.observed) return false
  return receivedAt.getTime() - sentAt.getTime() <= draft.policyOf(policyVersion).strikes.maxAge
}

/** What a verdict says of its account; nothing by what was found wrong of its text. */
function signOfVerdict(
  draft: AccountDraft,
  { outcome, categories, policyVersion, receivedAt, heldBack: wrong }: ActedOn,
): Risk {
  const policy = draft.policyOf(policyVersion)
  const speaking = categories.filter(({ category }) => !wrong.some((one) => one.category === category))
  const graded = speaking.map((one) => ({ ...one, severity: severityOf(one, policy) }))
  return signOf(receivedAt, outcome, graded)
}

/** Adds the strike of a verdict. Says whether the verdict began it. */
function addStrike(draft: AccountDraft, verdict: ActedOn): boolean {
  const policy = draft.policyOf(verdict.policyVersion)
  const { clause, category, severity } = groundOf(verdict, policy)
  const cause = {
    causeId: verdict.verdictId,
    at: verdict.receivedAt,
    clause,
    category,
    severity,
    points: policy.strikes.points[severity],
    expiresAt: new Date(verdict.receivedAt.getTime() + policy.strikes.expiresAfter),
    policyVersion: verdict.policyVersion,
  }
  return draft.addCause(verdict.messageId, cause, signOfVerdict(draft, verdict)).added
}

function enter(draft: AccountDraft, verdict: ActedOn, caseId: string): void {
  const ground = groundOf(verdict, draft.policyOf(verdict.policyVersion))
  const categories = verdict.categories.filter((category) => category.outcome !== 'clear')
  draft.weighCase(caseId, {
    at: verdict.receivedAt,
    categories: categories.map(({ category }) => category),
    category: ground.category,
    severity: ground.severity,
    score: ground.score,
    language: verdict.language,
    policyVersion: verdict.policyVersion,
  })
  draft.fileEntry(
    verdict.verdictId,
    caseId,
    {
      messageId: verdict.messageId,
      category: ground.category,
      clause: ground.clause,
      severity: ground.severity,
      code: verdict.outcome,
      policyVersion: verdict.policyVersion,
    },
    verdict,
  )
}

/**
 * Decides one verdict that acts: the message goes. Where it is gone already, nothing is decided, unless the verdict began a
 * strike: then the decision shares the removal, so that no strike is without a decision by which it can be undone.
 */
function act(draft: AccountDraft, verdict: VerdictFact, caseId: string, began: boolean): void {
  const { platformId, accountId } = draft.state
  const message = draft.messageMeasures(verdict.messageId)
  if (message.removedBy && !began) return
  const policy = draft.policyOf(verdict.policyVersion)
  const { clause, category, severity } = groundOf(verdict, policy)
  const decision: DecisionRecord = {
    decisionId:
      draft.observed || message.removedBy
        ? derivedId('dec', verdict.verdictId)
        : derivedId('dec', platformId, accountId, verdict.messageId, message.removals),
    platformId,
    accountId,
    caseId,
    measure: 'remove',
    clause,
    category,
    severity,
    policyVersion: verdict.policyVersion,
    reasons: removalReasons(policy, clause),
    messages: [{ messageId: verdict.messageId, sentAt: verdict.sentAt }],
    verdictIds: [verdict.verdictId],
    detectors: detectorsOf(verdict.categories),
    until: null,
    durationMs: null,
    at: draft.now,
    by: 'system',
    automated: true,
    stepId: null,
    strikesCounted: [],
    state: 'in_force',
    hold: null,
    inForceSince: draft.now,
    ordered: !draft.observed,
    strikeIds: began ? [draft.strikeIdOf(verdict.messageId)] : [],
    directiveIds: [],
    approval: null,
    refusal: null,
    reversal: null,
    updatedAt: draft.now,
  }
  draft.decide(decision)
  if (!draft.observed) orderOnMessage(draft, decision, 'remove', verdict.messageId)
}

/** The detectors that spoke in categories that are not clear. */
export function detectorsOf(categories: readonly CategoryVerdict[]): string[] {
  const names = categories
    .filter((category) => category.outcome !== 'clear')
    .flatMap((category) => category.signals.map((signal) => signal.detector))
  return [...new Set(names)].sort()
}
