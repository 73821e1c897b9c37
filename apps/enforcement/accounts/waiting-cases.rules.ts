import type { DecisionRecord } from '../decisions/decision.js'
import type { AccountDraft } from './account-draft.rules.js'
import type { AccountState, OpenCase } from './account-state.js'

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

function setOpen(state: AccountState, [first, ...others]: OpenCase[]): void {
  state.openCase = first ?? null
  if (others.length > 0 || state.alsoOpen) state.alsoOpen = others
}

/** Whether the account knew of the hold: a decision on a cluster holds no case of the account. */
function releaseHold({ state }: AccountDraft, decisionId: string): boolean {
  const left = (state.heldCases ?? []).filter((held) => held.decisionId !== decisionId)
  if (left.length === (state.heldCases ?? []).length) return false
  state.heldCases = left
  return true
}
