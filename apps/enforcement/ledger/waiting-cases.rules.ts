import type { DecisionRecord } from './decisions/decision.js'
import type { AccountDraft } from './account-draft.rules.js'
import type { AccountState, CaseReason, OpenCase } from './account-state.js'

/** Where a case of an account stands for people: to be decided, waiting with a decision that is held, or decided. */
export type CaseStanding = 'open' | 'held' | 'done'

type WaitingCases = Pick<AccountState, 'openCase' | 'alsoOpen' | 'heldCases'>

/** Of a cluster the account knows nothing: it is `done` here. */
export function standingOfCase(state: WaitingCases | null, caseId: string): CaseStanding {
  if (!state) return 'done'
  if (openCasesOf(state).some((open) => open.caseId === caseId)) return 'open'
  return state.heldCases?.some((held) => held.caseId === caseId) ? 'held' : 'done'
}

/** The cases that wait for a person, first the one in which what comes gathers. */
export function openCasesOf({ openCase, alsoOpen = [] }: WaitingCases): OpenCase[] {
  return openCase ? [openCase, ...alsoOpen] : [...alsoOpen]
}

/** A person decided the case, and nothing of it waits. */
export function decideCase(draft: AccountDraft, caseId: string, decisionId: string): void {
  takeOut(draft, caseId)
  draft.caseChange(caseId, { state: 'decided', proposal: null, automated: false })
  draft.event('case.decided', `case/${caseId}`, decisionId, { caseId, decisionId })
}

/** A person decided the case and that waits. What comes meanwhile gathers elsewhere, so that it can be decided on. */
export function holdCase(draft: AccountDraft, caseId: string, decisionId: string): void {
  takeOut(draft, caseId)
  draft.state.heldCases = [...(draft.state.heldCases ?? []), { caseId, decisionId }]
  draft.caseChange(caseId, { state: 'held', automated: false })
}

/**
 * A decision that had been made waits again, for a second person. A step of the ladder leaves its case in the queue; what a person
 * decided takes it out.
 */
export function holdAgain(draft: AccountDraft, decision: DecisionRecord): void {
  const { caseId, decisionId } = decision
  const { state } = draft
  // A cluster is looked after by itself; what is a part of another case is decided there.
  if (decision.cluster || state.mergedCases?.some((merged) => merged.caseId === caseId)) return
  if (!decision.automated) {
    holdCase(draft, caseId, decisionId)
    return
  }
  const open = openCasesOf(state).find((one) => one.caseId === caseId)
  if (open) {
    if (!open.why.includes('held')) open.why.push('held')
    return
  }
  setOpen(state, [...openCasesOf(state), { caseId, why: ['held'] }])
  draft.caseChange(caseId, { state: 'open', automated: false })
}

/** What was held came into force: its case is decided. */
export function endHold(draft: AccountDraft, { caseId, decisionId }: DecisionRecord): void {
  if (releaseHold(draft, decisionId)) decideCase(draft, caseId, decisionId)
}

/** What was held was refused or lapsed: its case waits for people again, whatever other case does. */
export function returnCase(draft: AccountDraft, { caseId, decisionId }: DecisionRecord): void {
  if (!releaseHold(draft, decisionId)) return
  setOpen(draft.state, [...openCasesOf(draft.state), { caseId, why: ['reopened'] }])
  draft.caseChange(caseId, { state: 'open' })
  draft.event('case.reopened', `case/${caseId}`, decisionId, { caseId, decisionId })
}

/** A step of the ladder is held no more: if its case had no other reason to be open, it is decided. */
export function resolveStep(draft: AccountDraft, { caseId, decisionId }: DecisionRecord): void {
  const open = openCasesOf(draft.state).find((one) => one.caseId === caseId)
  if (!open) return
  const waits = draft.state.steps.some(
    (step) => step.state === 'held' && draft.decisions.get(step.decisionId)?.caseId === caseId,
  )
  if (waits) return
  open.why = open.why.filter((why) => why !== 'held')
  if (open.why.length === 0) decideCase(draft, caseId, decisionId)
}

/** Nothing that comes gathers in the case any more. */
function takeOut({ state }: AccountDraft, caseId: string): void {
  const open = openCasesOf(state)
  const left = open.filter((one) => one.caseId !== caseId)
  if (left.length < open.length) setOpen(state, left)
  if (state.automatedCaseId === caseId) state.automatedCaseId = null
}

/** A case that waits no more for that reason; one without another reason is decided. */
export function dropReason(draft: AccountDraft, why: CaseReason, cause: string): void {
  for (const open of openCasesOf(draft.state)) {
    if (!open.why.includes(why)) continue
    open.why = open.why.filter((one) => one !== why)
    if (open.why.length === 0) closeCase(draft, open.caseId, cause)
  }
}

/** Nobody needs to look at the case any more, though nobody decided on it. */
function closeCase(draft: AccountDraft, caseId: string, cause: string): void {
  takeOut(draft, caseId)
  draft.caseChange(caseId, { state: 'decided', proposal: null })
  draft.event('case.decided', `case/${caseId}`, cause, { caseId })
}

function setOpen(state: AccountState, [first, ...others]: OpenCase[]): void {
  state.openCase = first ?? null
  if (others.length > 0 || state.alsoOpen) state.alsoOpen = others
}

/** Whether the account knew of the hold: a decision on a cluster holds no case of the account. */
function releaseHold(draft: AccountDraft, decisionId: string): boolean {
  const known = draft.state.heldCases ?? []
  const released = known.find((held) => held.decisionId === decisionId)
  if (!released) return false
  if (released.undelivered) draft.caseChange(released.caseId, { flags: [] })
  draft.state.heldCases = known.filter((held) => held !== released)
  return true
}
