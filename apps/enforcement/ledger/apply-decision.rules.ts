import type { Bilingual } from '#libs/contracts/directive'
import type { Measure } from '#libs/contracts/measures-in-force'
import { needsSecondApproval } from '#libs/policy/limits-of-automation'
import { clauseOf, type Policy } from '#libs/policy/policy-document'
import type { Asked, DecidedMessage, DecisionRecord, DecisionStep } from './decisions/decision.js'
import { undoingId } from './directives/directive-ids.rules.js'
import { noticeIdOf } from '../outbox/notice.rules.js'
import {
  AccountDraft,
  type AccountChange,
  type AccountFacts,
  type ChangeContext,
} from './account-draft.rules.js'
import type { Hold } from './account-state.js'
import { orderDirective } from './order-directive.rules.js'
import { withoutStrike } from './earn-strikes.rules.js'
import { enforceDecision } from './enforce-decision.rules.js'
import { intendedNotice } from './notice-of-intent.rules.js'
import { liftStep, orderStep, resumeHeld, settle } from './settle-account.rules.js'
import { decideCase, holdCase, resolveStep, returnCase } from './waiting-cases.rules.js'
import { latest } from '#libs/policy/ladder'

/** What a person decides on a case. */
export interface PersonsDecision {
  decisionId: string
  caseId: string
  /** The case is about a cluster: others decide when it is. */
  cluster?: true
  measure: Measure
  clause: string | null
  reasons: Bilingual
  messages: DecidedMessage[]
  verdictIds: string[]
  findingIds?: string[]
  detectors: string[]
  until: Date | null
  notBefore: Date | null
  asked?: Asked
}

/** The notice of an intended ban. */
const INTENT = 'ban-intended'
const HOUR = 3_600_000

/** How long a measure holds that was decided without an end: as the ladder has it, a warning as long as a strike. */
export function durationOf(measure: Measure, policy: Policy): number | null {
  switch (measure) {
    case 'warn':
      return policy.strikes.expiresAfter
    case 'limit':
    case 'suspend':
      return (
        policy.ladder.findLast((rung) => rung.measure === measure)?.duration ??
        policy.automation.maxSuspension
      )
    case 'none':
    case 'label':
    case 'remove':
    case 'ban':
      return null
  }
}

/**
 * Takes a person's decision into the account. A ban that its clause does not call urgent waits for the answer to the notice
 * of intent; a suspension or ban of an account of reach waits for a second person (SPEC promise 6).
 * @throws RefusedError `case-merged`
 */
export function applyDecision(
  facts: AccountFacts,
  given: PersonsDecision,
  context: ChangeContext,
): AccountChange {
  const draft = new AccountDraft(facts, context)
  draft.assertNotMerged(given.caseId)
  const { policy, policyVersion, now, actor } = context
  const clause = given.clause === null ? null : clauseOf(policy, given.clause)
  const hold = holdOf(draft, given, clause?.urgent ?? false)
  const decision: DecisionRecord = {
    decisionId: given.decisionId,
    platformId: draft.state.platformId,
    accountId: draft.state.accountId,
    caseId: given.caseId,
    measure: given.measure,
    clause: given.clause,
    category: clause?.category ?? null,
    severity: clause?.severity ?? null,
    policyVersion,
    reasons: given.reasons,
    messages: given.messages,
    verdictIds: given.verdictIds,
    ...(given.findingIds ? { findingIds: given.findingIds } : {}),
    detectors: given.detectors,
    until: given.until,
    durationMs: given.until ? null : durationOf(given.measure, policy),
    at: now,
    by: actor,
    automated: false,
    stepId: null,
    strikesCounted: [...draft.strikes.values()]
      .filter((strike) => !strike.reversedAt && strike.at <= now && now < strike.expiresAt)
      .map((strike) => strike.strikeId)
      .sort(),
    state: hold ? 'held' : 'in_force',
    hold,
    inForceSince: null,
    ordered: !draft.observed,
    strikeIds: [],
    directiveIds: [],
    approval: null,
    refusal: null,
    reversal: null,
    ...(given.asked ? { asked: given.asked } : {}),
    updatedAt: now,
  }
  decision.withoutStrike = withoutStrike(draft, decision)
  draft.decide(decision)
  if (given.cluster) decision.cluster = true
  if (hold?.unproven) {
    const noticeId = noticeIdOf(INTENT, decision.decisionId, decision.platformId)
    decision.intent = intendedNotice(noticeId, hold.notBefore)
  }
  if (hold) holdDecision(draft, decision, hold)
  else enforceDecision(draft, decision)
  if (!given.cluster) (hold ? holdCase : decideCase)(draft, decision.caseId, decision.decisionId)
  settle(draft)
  return draft.finish()
}

/** Approves a held decision; it comes into force now, or on its day. One that nobody approved in time lapses instead. */
export function applyApproval(
  facts: AccountFacts,
  decisionId: string,
  approval: DecisionStep,
  context: ChangeContext,
): AccountChange {
  const draft = new AccountDraft(facts, context)
  const decision = draft.decision(decisionId)
  if (decision.hold?.lapsesAt && decision.hold.lapsesAt <= draft.now) {
    settle(draft)
    return draft.finish()
  }
  decision.approval = approval
  draft.tellDecision('decision.approved', decision, undefined, decision.earlierApprovals?.length ?? '')
  const step = draft.state.steps.find((candidate) => candidate.decisionId === decisionId)
  const decided = draft.state.decided.find((candidate) => candidate.decisionId === decisionId)
  if (step?.hold?.resumes) {
    resumeHeld(draft, decision, step, step.hold.resumes)
    resolveStep(draft, decision)
  } else if (step) {
    decision.state = 'in_force'
    decision.hold = null
    decision.inForceSince = draft.now
    if (decision.durationMs !== null) decision.until = new Date(draft.now.getTime() + decision.durationMs)
    step.state = 'in_force'
    step.hold = null
    step.until = decision.until
    draft.tellDecision('decision.made', decision)
    orderStep(draft, step, decision)
    resolveStep(draft, decision)
  } else if (decided) {
    const before = decided.hold ?? { notBefore: null }
    decided.hold = { ...before, needsApproval: false, lapsesAt: null }
    decision.hold = { ...decided.hold }
  }
  settle(draft)
  return draft.finish()
}

/** Refuses a held decision: it never comes into force. */
export function applyRefusal(
  facts: AccountFacts,
  decisionId: string,
  refusal: DecisionStep,
  context: ChangeContext,
): AccountChange {
  const draft = new AccountDraft(facts, context)
  const decision = draft.decision(decisionId)
  decision.state = 'refused'
  decision.refusal = refusal
  draft.tellDecision('decision.refused', decision)
  for (const held of [...draft.state.steps, ...draft.state.decided]) {
    if (held.decisionId !== decisionId) continue
    held.state = 'refused'
    if ('stepId' in held) held.waived = true
  }
  if (decision.automated) resolveStep(draft, decision)
  else returnCase(draft, decision)
  settle(draft)
  return draft.finish()
}

/**
 * Undoes everything that a decision did: its strikes are reversed, its measures lifted, its messages restored, the steps of
 * the ladder that rested on it taken back, but for directives that another decision in force also stands on. Nothing graver comes
 * of it. A text that automation acted on wrongly is remembered.
 */
export function applyReversal(
  facts: AccountFacts,
  decisionId: string,
  reversal: DecisionStep,
  context: ChangeContext,
): AccountChange {
  const draft = new AccountDraft(facts, context)
  reverseDecision(draft, decisionId, reversal)
  // What a person takes back says nothing of how automation judges.
  if (draft.decisions.get(decisionId)?.automated) draft.exonerate(decisionId, reversal)
  settle(draft, { relieving: true })
  return draft.finish()
}

/** The part of a reversal that is about the decision itself; the account is to be settled after it. */
export function reverseDecision(draft: AccountDraft, decisionId: string, reversal: DecisionStep): void {
  const decision = draft.decision(decisionId)
  const at = latest([...draft.strikes.values()], draft.now)
  liftMeasure(draft, decision, reversal)
  for (const strikeId of decision.strikeIds) draft.reverseStrike(strikeId, at, decisionId)
}

/** Takes a decision's measure back and leaves its strikes. */
export function liftMeasure(draft: AccountDraft, decision: DecisionRecord, reversal: DecisionStep): void {
  const step = draft.state.steps.find((candidate) => candidate.decisionId === decision.decisionId)
  if (step && (step.state === 'in_force' || step.state === 'held' || step.state === 'paused')) {
    const at = latest([...draft.strikes.values()], draft.now)
    liftStep(draft, step, at, reversal)
    return
  }
  undoMeasures(draft, decision, reversal)
  decision.state = 'reversed'
  decision.reversal = reversal
  draft.tellDecision('decision.reversed', decision)
}

/** Nothing but time has passed. */
export function applyTime(facts: AccountFacts, context: ChangeContext): AccountChange {
  const draft = new AccountDraft(facts, context)
  settle(draft)
  return draft.finish()
}

function holdOf(draft: AccountDraft, given: PersonsDecision, urgent: boolean): Hold | null {
  const { policy, now } = draft.context
  if (draft.observed) return null
  const needsApproval = needsSecondApproval(given.measure, { followersHighest: draft.followers }, policy)
  const notBefore = given.notBefore && given.notBefore > now ? given.notBefore : null
  // The hours to answer run from when its notice arrives, and so do those to approve.
  if (given.measure === 'ban' && !urgent) return { needsApproval, lapsesAt: null, notBefore, unproven: true }
  if (!needsApproval && !notBefore) return null
  // What would be over when it is approved lapses.
  const lapsesAt = Math.min(
    now.getTime() + policy.secondApproval.lapseAfter,
    given.until?.getTime() ?? Infinity,
  )
  return { needsApproval, lapsesAt: needsApproval ? new Date(lapsesAt) : null, notBefore }
}

function holdDecision(draft: AccountDraft, decision: DecisionRecord, hold: Hold): void {
  const { state } = draft
  state.decided.push({
    decisionId: decision.decisionId,
    measure: decision.measure,
    state: 'held',
    since: draft.now,
    until: decision.until,
    directiveId: null,
    hold,
  })
  if (decision.intent) {
    const policy = draft.policyOf(decision.policyVersion)
    draft.notify(INTENT, decision.decisionId, {
      decisionId: decision.decisionId,
      caseId: decision.caseId,
      measure: decision.measure,
      category: decision.category,
      clause: decision.clause,
      answerUrl: draft.context.answerUrl(decision.decisionId, draft.now),
      hours: policy.ban.noticeOfIntent / HOUR,
      notBefore: decision.intent.wanted?.toISOString() ?? null,
      clauseTitle: draft.clauseTitle(decision),
      reasons: decision.reasons,
    })
  }
}

/** Orders what undoes a decision's measures on account and messages, but for what another decision also stands on. */
function undoMeasures(draft: AccountDraft, decision: DecisionRecord, reversal: DecisionStep): void {
  for (const held of draft.state.decided) {
    if (held.decisionId !== decision.decisionId) continue
    if (held.state === 'in_force') liftOrdered(draft, decision, held, reversal)
    if (held.state === 'in_force' || held.state === 'paused') held.state = 'lifted'
  }
  restoreMessages(draft, decision, reversal)
}

/** Orders the end of a measure on the account. */
export function liftOrdered(
  draft: AccountDraft,
  decision: DecisionRecord,
  held: { measure: Measure; directiveId: string | null },
  { reasons, by }: Pick<DecisionStep, 'reasons' | 'by'>,
): void {
  if (!held.directiveId) return
  orderDirective(draft, decision, {
    directiveId: undoingId(held.directiveId),
    kind: 'lift_restriction',
    measure: held.measure,
    messageIds: [],
    until: null,
    undo: { directiveId: held.directiveId, why: 'reversed', reasons, by },
  })
}

/** Orders that a decision's messages come back, but for what another decision also stands on. */
export function restoreMessages(
  draft: AccountDraft,
  decision: DecisionRecord,
  { reasons, by }: Pick<DecisionStep, 'reasons' | 'by'>,
): void {
  for (const message of draft.messages.values()) {
    for (const measure of ['remove', 'label'] as const) {
      const directiveId = measure === 'remove' ? message.removedBy : message.labelledBy
      if (!directiveId || !decision.directiveIds.includes(directiveId) || draft.shared.has(directiveId))
        continue
      if (measure === 'remove') message.removedBy = null
      else message.labelledBy = null
      orderDirective(draft, decision, {
        directiveId: undoingId(directiveId),
        kind: 'restore_message',
        measure,
        messageIds: [message.messageId],
        until: null,
        undo: { directiveId, why: 'reversed', reasons, by },
      })
    }
  }
}
