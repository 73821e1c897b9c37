import { derivedId } from '#libs/contracts/ids'
import {
  AccountDraft,
  type AccountChange,
  type AccountFacts,
  type ChangeContext,
} from '../ledger/account-draft.rules.js'
import type { DecidedMeasure, Hold, StepOnAccount } from '../ledger/account-state.js'
import { liftMeasure, liftOrdered, restoreMessages, reverseDecision } from '../ledger/apply-decision.rules.js'
import { limitsOf, orderMeasure, orderOnMessage } from '../ledger/enforce-decision.rules.js'
import { orderAgain } from '../ledger/order-again.rules.js'
import { orderDirective } from '../ledger/order-directive.rules.js'
import { reachHold } from '../ledger/second-person.rules.js'
import { settle } from '../ledger/settle-account.rules.js'
import { holdAgain } from '../ledger/waiting-cases.rules.js'
import type { DecisionRecord, DecisionStep, Pause } from '../ledger/decisions/decision.js'
import { decidedDirectiveId, DIRECTIVE_OF } from '../ledger/directives/directive-ids.rules.js'
import { isOnMessages } from '../ledger/exonerations/exonerate.rules.js'
import { APPEAL_LATE } from '../ledger/statements/reasons.rules.js'
import type { ReplacementOrder } from './appeal.js'
import { isUndoable } from './covered-decisions.rules.js'
import { replacementEnd, servedFrom } from './replacement.rules.js'

/** What somebody who heard an appeal says of it. */
export type Hearing = DecisionStep

/**
 * Undoes everything that the decisions did, with what the ladder did because of them. Null where all of it is undone
 * already. Directives on messages that other decisions in force stand on stay. The texts that were wrongly judged are remembered.
 */
export function applyGrant(
  facts: AccountFacts,
  decisionIds: readonly string[],
  hearing: Hearing,
  context: ChangeContext,
): AccountChange | null {
  if (!decisionIds.some((id) => isUndoable(decisionIn(facts, id)))) return null
  const draft = new AccountDraft(facts, context)
  for (const id of decisionIds) {
    if (!isUndoable(draft.decisions.get(id))) continue
    reverseDecision(draft, id, hearing)
    draft.exonerate(id, hearing)
  }
  settle(draft, { relieving: true })
  return draft.finish()
}

/** The id of the decision that an appeal puts in the place of another. */
export function replacementIdOf(appealId: string): string {
  return derivedId('dec', appealId)
}

/**
 * Puts one lesser measure in the place of those of decisions that rest on one directive, under the clause of the first; their
 * strikes stand, and fall with the new decision. A step of the ladder keeps its place there, so that it also falls with the
 * strikes that it rests on. What has been served already is not imposed again. Of a measure on messages it is remembered that it was
 * too much for their texts. Null where it is done, or all of them were undone meanwhile.
 */
export function applyReplacement(
  facts: AccountFacts,
  decisionIds: readonly string[],
  order: ReplacementOrder & { appealId: string },
  hearing: Hearing,
  context: ChangeContext,
): AccountChange | null {
  if (decisionIn(facts, replacementIdOf(order.appealId))) return null
  const left = decisionIds.filter((id) => isUndoable(decisionIn(facts, id)))
  if (left.length === 0) return null
  const draft = new AccountDraft(facts, context)
  const decisions = left.map((id) => draft.decision(id)) as [DecisionRecord, ...DecisionRecord[]]
  for (const decision of decisions) if (isOnMessages(decision)) draft.exonerate(decision.decisionId, hearing)
  const wasInForce = decisions.some(({ state }) => state === 'in_force')
  // Who approved the graver measure approved this one.
  const approval = decisions.find((one) => one.approval !== null)?.approval ?? null
  const lesser = lesserOf(draft, decisions, order, hearing)
  const isServed = !wasInForce || (lesser.until !== null && lesser.until <= draft.now)
  if (isServed && lesser.measure !== 'none') lesser.state = 'expired'
  const [decision] = decisions
  const step = draft.state.steps.find(
    (one) => one.decisionId === decision.decisionId && (one.state === 'in_force' || one.state === 'paused'),
  )
  if (step && (lesser.measure === 'warn' || lesser.measure === 'limit')) {
    replaceStep(draft, step, decision, lesser, hearing)
  } else {
    for (const replaced of decisions) liftMeasure(draft, replaced, hearing)
    const hold =
      lesser.state === 'in_force' ? reachHold(draft, { ...lesser, approval }, lesser.measure) : null
    if (hold) Object.assign(lesser, { state: 'held', hold, inForceSince: null })
    draft.decide(lesser)
    if (hold) holdLesser(draft, lesser, hold)
    else if (lesser.state === 'in_force') orderMeasure(draft, lesser, false)
  }
  settle(draft, { relieving: true })
  return draft.finish()
}

/**
 * Suspends the measure that decisions rest on while an appeal against it is late. Null where none of them is in force, the
 * appeal suspended them before, or it has been decided: then news of its lateness comes after that of its end.
 */
export function applyPause(
  facts: AccountFacts,
  decisionIds: readonly string[],
  appealId: string,
  context: ChangeContext,
): AccountChange | null {
  const known = decisionIds.flatMap((id) => decisionIn(facts, id) ?? [])
  if (known.some((decision) => pauseBy(decision, appealId)?.endedAt)) return null
  const fresh = known.filter((one) => one.state === 'in_force' && !pauseBy(one, appealId))
  if (fresh.length === 0) return null
  const draft = new AccountDraft(facts, context)
  const late = { reasons: APPEAL_LATE, by: 'system' }
  for (const { decisionId } of fresh) {
    const decision = draft.decision(decisionId)
    if (!isPaused(decision)) {
      for (const held of holdingsOf(draft, decisionId)) {
        if (held.state !== 'in_force') continue
        liftOrdered(draft, decision, held, late)
        held.state = 'paused'
      }
      restoreMessages(draft, decision, late)
    }
    decision.pauses = [...(decision.pauses ?? []), { appealId, endedAt: null }]
  }
  settle(draft)
  return draft.finish()
}

/**
 * Ends the suspension of measures by an appeal, whatever its outcome: each is ordered again until the end that it had, unless
 * that has passed or another late appeal suspends it too. The appeal can never suspend one of them again.
 */
export function applyResumption(
  facts: AccountFacts,
  decisionIds: readonly string[],
  appealId: string,
  context: ChangeContext,
): AccountChange | null {
  const known = decisionIds.flatMap((id) => decisionIn(facts, id) ?? [])
  const suspended = known.filter((decision) => pauseBy(decision, appealId))
  // Where it suspended none yet, all of them remember that it is over.
  const ending = suspended.length > 0 ? suspended : known
  const open = ending.filter((decision) => !pauseBy(decision, appealId)?.endedAt)
  if (open.length === 0) return null
  const draft = new AccountDraft(facts, context)
  for (const { decisionId } of open) {
    const decision = draft.decision(decisionId)
    const wasPaused = isPaused(decision)
    const others = (decision.pauses ?? []).filter((pause) => pause.appealId !== appealId)
    decision.pauses = [...others, { appealId, endedAt: draft.now }]
    if (wasPaused && !isPaused(decision) && decision.state === 'in_force') resume(draft, decision, appealId)
  }
  settle(draft)
  return draft.finish()
}

/** Whether a late appeal suspends the measure of a decision now. */
export function isPaused(decision: Pick<DecisionRecord, 'pauses'>): boolean {
  return decision.pauses?.some((pause) => pause.endedAt === null) ?? false
}

function decisionIn(facts: AccountFacts, decisionId: string): DecisionRecord | undefined {
  return facts.decisions.find((decision) => decision.decisionId === decisionId)
}

function pauseBy({ pauses = [] }: Pick<DecisionRecord, 'pauses'>, appealId: string): Pause | undefined {
  return pauses.find((pause) => pause.appealId === appealId)
}

function holdingsOf(draft: AccountDraft, decisionId: string): (StepOnAccount | DecidedMeasure)[] {
  return [...draft.state.steps, ...draft.state.decided].filter((one) => one.decisionId === decisionId)
}

function lesserOf(
  draft: AccountDraft,
  decisions: readonly [DecisionRecord, ...DecisionRecord[]],
  order: ReplacementOrder & { appealId: string },
  hearing: Hearing,
): DecisionRecord {
  const [decision] = decisions
  // What the owner was told of, answered and somebody approved is the other one.
  const { intent: _intent, answer: _answer, earlierApprovals: _earlier, ...same } = decision
  const messages = decisions.flatMap((one) => one.messages)
  const findingIds = distinct(decisions.flatMap((one) => one.findingIds ?? []))
  return {
    ...same,
    messages: [...new Map(messages.map((message) => [message.messageId, message])).values()],
    verdictIds: distinct(decisions.flatMap((one) => one.verdictIds)),
    ...(findingIds.length > 0 ? { findingIds } : {}),
    detectors: distinct(decisions.flatMap((one) => one.detectors)),
    strikeIds: distinct(decisions.flatMap((one) => one.strikeIds)),
    decisionId: replacementIdOf(order.appealId),
    measure: order.measure,
    reasons: hearing.reasons,
    until: replacementEnd(decision, order, draft.policyOf(decision.policyVersion)),
    durationMs: null,
    at: draft.now,
    by: hearing.by,
    automated: false,
    state: 'in_force',
    hold: null,
    inForceSince: draft.now,
    ordered: !draft.observed,
    directiveIds: [],
    approval: null,
    refusal: null,
    reversal: null,
    replaces: { decisionId: decision.decisionId, appealId: order.appealId, servedFrom: servedFrom(decision) },
    pauses: [],
    updatedAt: draft.now,
  }
}

/** A lesser measure on an account of reach waits for a second person, as any other does. */
function holdLesser(draft: AccountDraft, lesser: DecisionRecord, hold: Hold): void {
  const { decisionId, measure, until } = lesser
  const held = { decisionId, measure, until, since: draft.now, directiveId: null, hold: { ...hold } }
  draft.state.decided.push({ ...held, state: 'held' })
  holdAgain(draft, lesser)
}

function distinct(items: readonly string[]): string[] {
  return [...new Set(items)]
}

function replaceStep(
  draft: AccountDraft,
  step: StepOnAccount,
  decision: DecisionRecord,
  lesser: DecisionRecord,
  hearing: Hearing,
): void {
  if (step.state === 'in_force') liftOrdered(draft, decision, step, hearing)
  decision.state = 'reversed'
  decision.reversal = hearing
  draft.tellDecision('decision.reversed', decision)
  draft.decide(lesser)
  step.decisionId = lesser.decisionId
  step.measure = lesser.measure === 'limit' ? 'limit' : 'warn'
  step.until = lesser.until
  step.limits = lesser.measure === 'limit' ? limitsOf(draft.policyOf(lesser.policyVersion)) : {}
  step.directiveId = null
  if (lesser.state === 'in_force') {
    step.directiveId = orderDirective(draft, lesser, {
      directiveId: decidedDirectiveId(lesser.decisionId, step.measure),
      kind: DIRECTIVE_OF[step.measure],
      measure: step.measure,
      messageIds: lesser.messages.map((message) => message.messageId),
      until: step.until,
      limits: step.limits,
    })
  }
  step.state = step.directiveId ? 'in_force' : 'over'
}

function resume(draft: AccountDraft, decision: DecisionRecord, appealId: string): void {
  const { measure } = decision
  if (measure === 'remove' || measure === 'label') {
    for (const { messageId } of decision.messages) orderOnMessage(draft, decision, measure, messageId)
    return
  }
  for (const held of holdingsOf(draft, decision.decisionId)) {
    const isOver = held.until !== null && held.until <= draft.now
    if (held.state !== 'paused' || held.measure === 'none' || isOver) continue
    const hold = reachHold(draft, decision, held.measure)
    if (hold) holdResumption(draft, decision, held, { ...hold, resumes: appealId })
    else orderAgain(draft, decision, held, appealId)
  }
}

/** The account has come to be of reach meanwhile: its measure waits for a second person before it is ordered again. */
function holdResumption(
  draft: AccountDraft,
  decision: DecisionRecord,
  held: StepOnAccount | DecidedMeasure,
  hold: Hold,
): void {
  decision.state = 'held'
  decision.hold = hold
  held.state = 'held'
  held.hold = { ...hold }
  draft.tellDecision('decision.held', decision, 'reach', draft.state.rev)
  holdAgain(draft, decision)
}
