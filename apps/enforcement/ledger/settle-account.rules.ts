import { derivedId } from '#libs/contracts/ids'
import type { Measure } from '#libs/contracts/measures-in-force'
import {
  activePoints,
  dueSteps,
  latest,
  orphanedSteps,
  stepsInForce,
  type LadderAt,
  type LadderStep,
} from '#libs/policy/ladder'
import { automaticMeasure, type AutomaticMeasure } from '#libs/policy/limits-of-automation'
import { compareMeasures, nextInstant } from '#libs/policy/measures-in-force'
import type { DecisionRecord } from './decisions/decision.js'
import { DIRECTIVE_OF, stepDirectiveId, undoingId } from './directives/directive-ids.rules.js'
import { LAPSED, NO_GROUND, stepReasons } from './statements/reasons.rules.js'
import type { AccountDraft } from './account-draft.rules.js'
import { orderDirective } from './order-directive.rules.js'
import type { DecidedMeasure, Hold, StepOnAccount, StrikeRecord } from './account-state.js'
import { enforceDecision } from './enforce-decision.rules.js'
import { archiveStrikes } from './archive-strikes.rules.js'
import { orderAgain } from './order-again.rules.js'
import { reachHold } from './second-person.rules.js'
import { showUndelivered } from './show-undelivered.rules.js'
import { ladderBy, standingOf } from './standing.rules.js'
import { endHold, returnCase } from './waiting-cases.rules.js'

/**
 * Brings an account to where its strikes, decisions and the clock say that it stands: takes back what has lost its ground,
 * ends what is over, puts in force what waited for its day, takes the ladder's steps that are due. `relieving`: after a
 * reversal, of which nothing graver comes than what was in force before it (SPEC promise 7).
 */
export function settle(draft: AccountDraft, { relieving = false } = {}): void {
  stand(draft)
  liftOrphans(draft)
  endWhatIsOver(draft)
  lapseHeld(draft)
  beginWhatWaited(draft)
  for (const step of due(draft)) {
    const waived = draft.observed || (relieving && isWorse(automatic(draft, step), draft))
    if (waived) draft.state.steps.push({ ...withoutEffect(step, 'waived'), waived: true })
    else takeStep(draft, step)
  }
  showUndelivered(draft)
  tellExpiredStrikes(draft)
  archiveStrikes(draft)
  stand(draft)
  forget(draft)
}

/** What automation would do about each due step, if it were taken now. */
export function planSteps(draft: AccountDraft): AutomaticMeasure[] {
  if (draft.observed) return []
  return due(draft)
    .map((step) => automatic(draft, step))
    .filter((planned) => !isCovered(planned, draft.state.decided))
}

/** Whether a directive puts the measure into effect for a stretch of time, so that its end must be ordered too. */
const LASTING: readonly Measure[] = ['limit', 'suspend', 'ban']

function strikesOf(draft: AccountDraft): StrikeRecord[] {
  return [...draft.strikes.values()]
}

function ladderFor(draft: AccountDraft, strikes: readonly StrikeRecord[] = strikesOf(draft)): LadderAt {
  return ladderBy(strikes, (version) => draft.policyOf(version).ladder)
}

function stand(draft: AccountDraft): void {
  const strikes = strikesOf(draft)
  const { state, now } = draft
  const { level, points, status, inForce } = standingOf(
    state,
    strikes,
    (version) => draft.policyOf(version).ladder,
    now,
  )
  state.level = level
  state.points = points
  state.status = status
  const holds = [...state.steps, ...state.decided].flatMap(({ state: standing, hold }) =>
    standing === 'held' && hold && !hold.unproven
      ? [hold.needsApproval ? hold.lapsesAt : hold.notBefore]
      : [],
  )
  const paused = [...state.steps, ...state.decided].flatMap(({ state: standing, until }) =>
    standing === 'paused' ? [until] : [],
  )
  const clock = [
    nextInstant(strikes, inForce, now),
    state.archived.nextExpiresAt,
    ...holds,
    ...paused,
  ].filter((instant) => instant !== null)
  state.nextDueAt = clock.length > 0 ? new Date(Math.min(...clock.map((instant) => instant.getTime()))) : null
}

function due(draft: AccountDraft): LadderStep[] {
  const strikes = strikesOf(draft)
  return dueSteps(strikes, draft.state.steps, ladderFor(draft), latest(strikes, draft.now))
}

function automatic(draft: AccountDraft, step: LadderStep): AutomaticMeasure {
  const policy = draft.policyOf(draft.strikes.get(step.strikeId)!.policyVersion)
  return automaticMeasure(step, { followersHighest: draft.followers }, policy)
}

/**
 * Whether a step is graver than all that was in force before the change. One that is not became known late, while a graver one
 * answered for it, and would be in force now had all come in time: it is not let off (SPEC promise 3).
 */
function isWorse(step: AutomaticMeasure, { before }: AccountDraft): boolean {
  const stood = [...(before?.steps ?? []), ...(before?.decided ?? [])].filter(
    ({ state }) => state === 'in_force',
  )
  return step.held || stood.every(({ measure }) => compareMeasures(measure, step.measure) < 0)
}

function takeStep(draft: AccountDraft, step: LadderStep): void {
  const { state } = draft
  const strike = draft.strikes.get(step.strikeId)!
  const planned = automatic(draft, step)
  if (isCovered(planned, state.decided)) {
    state.steps.push(withoutEffect(step, 'covered'))
    return
  }
  const policy = draft.policyOf(strike.policyVersion)
  if (planned.held) draft.openCase('held', step.stepId)
  if (planned.proposes === 'ban') draft.openCase('ban', step.stepId)
  const caseId = draft.gatheringCase(step.stepId)
  const hold: Hold | null = planned.held
    ? {
        needsApproval: true,
        lapsesAt: new Date(draft.now.getTime() + policy.secondApproval.lapseAfter),
        notBefore: null,
      }
    : null
  const counted = strikesOf(draft).filter((other) => activePoints([other], step.at) > 0)
  const decision = draft.decide({
    decisionId: derivedId('dec', step.stepId),
    platformId: state.platformId,
    accountId: state.accountId,
    caseId,
    measure: planned.measure,
    clause: strike.clause,
    category: strike.category,
    severity: strike.severity,
    policyVersion: strike.policyVersion,
    reasons: stepReasons(policy, {
      clause: strike.clause,
      measure: planned.measure,
      points: activePoints(counted, step.at),
      strikes: counted.length,
      level: step.level,
      until: planned.until,
    }),
    messages: [{ messageId: strike.messageId, sentAt: strike.at }],
    verdictIds: strike.causes.map((cause) => cause.causeId),
    detectors: [],
    until: planned.until,
    durationMs: planned.until ? planned.until.getTime() - step.at.getTime() : null,
    at: draft.now,
    by: 'system',
    automated: true,
    stepId: step.stepId,
    strikesCounted: counted.map((other) => other.strikeId).sort(),
    state: planned.held ? 'held' : 'in_force',
    hold,
    inForceSince: planned.held ? null : draft.now,
    ordered: true,
    strikeIds: [],
    directiveIds: [],
    approval: null,
    refusal: null,
    reversal: null,
    updatedAt: draft.now,
  })
  // The entries say how sure anybody is and in which language; this says only that somebody waits.
  const { category, severity, policyVersion } = strike
  const speaks = { categories: [category], category, severity, score: 0, language: null, policyVersion }
  draft.weighCase(caseId, { at: draft.now, ...speaks })
  const taken: StepOnAccount = {
    ...withoutEffect(step, planned.held ? 'held' : 'in_force'),
    until: planned.until,
    decisionId: decision.decisionId,
    hold,
  }
  state.steps.push(taken)
  if (!planned.held) orderStep(draft, taken, decision)
}

/** Orders the directive of a step that is in force. */
export function orderStep(draft: AccountDraft, step: StepOnAccount, decision: DecisionRecord): void {
  step.directiveId = orderDirective(draft, decision, {
    directiveId: stepDirectiveId(step.stepId),
    kind: DIRECTIVE_OF[decision.measure as Exclude<Measure, 'none'>],
    measure: decision.measure,
    messageIds: decision.messages.map((message) => message.messageId),
    until: step.until,
    limits: decision.measure === 'limit' ? step.limits : {},
  })
}

function withoutEffect(step: LadderStep, state: StepOnAccount['state']): StepOnAccount {
  const { stepId, strikeId, level, measure, at, until, limits } = step
  return {
    stepId,
    strikeId,
    level,
    measure,
    at,
    until,
    limits,
    liftedAt: null,
    state,
    decisionId: derivedId('dec', stepId),
    directiveId: null,
    hold: null,
  }
}

/** Whether a decision in force is as grave and holds as long. */
function isCovered(step: AutomaticMeasure, decided: readonly DecidedMeasure[]): boolean {
  return decided.some((measure) => {
    if (measure.state !== 'in_force' || compareMeasures(measure.measure, step.measure) < 0) return false
    if (measure.until === null || step.measure === 'warn') return true
    return step.until !== null && measure.until >= step.until
  })
}

function liftOrphans(draft: AccountDraft): void {
  const strikes = strikesOf(draft)
  const at = latest(strikes, draft.now)
  const ghosts: StrikeRecord[] = draft.replaced.map((old) => ({
    ...draft.strikes.get(old.strikeId)!,
    ...old,
    strikeId: `${old.strikeId}~`,
    reversedAt: at,
  }))
  const set = [...strikes, ...ghosts]
  for (const orphan of orphanedSteps(set, draft.state.steps, ladderFor(draft, set)))
    liftStep(draft, orphan, at)
}

/** Takes a step back: its ground is gone, or a person reversed it. */
export function liftStep(
  draft: AccountDraft,
  step: StepOnAccount,
  at: Date,
  reversal?: DecisionRecord['reversal'],
): void {
  step.liftedAt = at
  if (reversal) step.waived = true
  if (step.state !== 'in_force' && step.state !== 'held' && step.state !== 'paused') return
  const decision = draft.decision(step.decisionId)
  const undone = reversal ?? { by: draft.context.actor, at: draft.now, reasons: NO_GROUND }
  decision.state = 'reversed'
  decision.reversal = undone
  draft.tellDecision('decision.reversed', decision)
  if (step.state === 'in_force' && step.directiveId) {
    orderDirective(draft, decision, {
      directiveId: undoingId(step.directiveId),
      kind: 'lift_restriction',
      measure: step.measure,
      messageIds: [],
      until: null,
      undo: { directiveId: step.directiveId, why: 'reversed', reasons: undone.reasons, by: undone.by },
    })
  }
  step.state = 'lifted'
}

function endWhatIsOver(draft: AccountDraft): void {
  const { state, now } = draft
  const strikes = strikesOf(draft)
  const active = state.steps.filter((step) => step.state === 'in_force' || step.state === 'paused')
  const standing = new Set(
    stepsInForce(strikes, active, ladderFor(draft), latest(strikes, now)).map((step) => step.stepId),
  )
  for (const step of active) {
    if (standing.has(step.stepId)) continue
    end(draft, step)
    step.state = 'over'
  }
  for (const measure of state.decided) {
    if (measure.state !== 'in_force' && measure.state !== 'paused') continue
    if (measure.until === null || now < measure.until) continue
    end(draft, measure)
    measure.state = 'over'
  }
}

function end(
  draft: AccountDraft,
  over: Pick<DecidedMeasure, 'decisionId' | 'measure' | 'directiveId' | 'state'>,
): void {
  const decision = draft.decision(over.decisionId)
  decision.state = 'expired'
  draft.tellDecision('decision.expired', decision)
  if (over.state === 'paused' || !over.directiveId || !LASTING.includes(over.measure)) return
  orderDirective(draft, decision, {
    directiveId: undoingId(over.directiveId),
    kind: 'lift_restriction',
    measure: over.measure,
    messageIds: [],
    until: null,
    undo: { directiveId: over.directiveId, why: 'lapsed', reasons: LAPSED, by: 'system' },
  })
}

/** What nobody approved in time lapses; the case goes back to whoever takes it next. */
function lapseHeld(draft: AccountDraft): void {
  const { state, now } = draft
  for (const held of [...state.steps, ...state.decided]) {
    const { hold } = held
    if (held.state !== 'held' || !hold?.needsApproval || !hold.lapsesAt || now < hold.lapsesAt) continue
    held.state = 'lapsed'
    if ('stepId' in held) held.waived = true
    const decision = draft.decision(held.decisionId)
    decision.state = 'lapsed'
    draft.tellDecision('decision.lapsed', decision)
    // A step of the ladder never took the case out of the queue, and somebody may be at work on it.
    if (!decision.automated) returnCase(draft, decision)
  }
}

/** What was approved, or needs no approval, begins on its day; reach is asked for once more then. */
function beginWhatWaited(draft: AccountDraft): void {
  for (const measure of [...draft.state.decided]) {
    const { hold } = measure
    if (measure.state !== 'held' || !hold || hold.needsApproval || hold.unproven) continue
    if (hold.notBefore && draft.now < hold.notBefore) continue
    const decision = draft.decision(measure.decisionId)
    const reach = reachHold(draft, decision, measure.measure)
    if (reach) {
      measure.hold = { ...hold, ...reach, notBefore: hold.notBefore }
      decision.hold = { ...measure.hold }
      draft.tellDecision('decision.held', decision, 'reach', draft.state.rev)
      continue
    }
    if (hold.resumes) resumeHeld(draft, decision, measure, hold.resumes)
    else enforceDecision(draft, decision)
    endHold(draft, decision)
  }
}

/** A measure that an appeal had suspended is in force again, after a second person approved it. */
export function resumeHeld(
  draft: AccountDraft,
  decision: DecisionRecord,
  held: StepOnAccount | DecidedMeasure,
  appealId: string,
): void {
  decision.state = 'in_force'
  decision.hold = null
  held.hold = null
  orderAgain(draft, decision, held, appealId)
}

function tellExpiredStrikes(draft: AccountDraft): void {
  const { state, now } = draft
  for (const strike of draft.strikes.values()) {
    const was = draft.wereArchived.get(strike.strikeId)
    const isTold = was ? was === 'expired' : strike.expiresAt <= state.settledAt
    if (strike.reversedAt || isTold || now < strike.expiresAt) continue
    if (strike.archived) draft.archive(strike.strikeId, 'expired')
    draft.event('strike.expired', `strike/${strike.strikeId}`, '', draft.strikeFacts(strike.strikeId))
  }
  if (now > state.settledAt) state.settledAt = now
}

/** Drops what can never matter again, so that the account stays small. */
function forget(draft: AccountDraft): void {
  const { state, now } = draft
  state.steps = state.steps.filter((step) => {
    if (step.state === 'in_force' || step.state === 'held' || step.state === 'paused') return true
    const strike = draft.strikes.get(step.strikeId)
    const end = step.until ?? strike?.expiresAt
    return end === undefined || now <= end || (step.until === null && state.level > 0)
  })
  state.decided = state.decided.filter(
    ({ state: standing }) => standing === 'in_force' || standing === 'held' || standing === 'paused',
  )
}
