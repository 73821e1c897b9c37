import type { DeliveryReport } from '#libs/contracts/delivery-report'
import type { DecisionRecord, NoticeOfIntent } from './decisions/decision.js'
import {
  AccountDraft,
  type AccountChange,
  type AccountFacts,
  type ChangeContext,
} from './account-draft.rules.js'
import type { Hold } from './account-state.js'
import { applyTime } from './apply-decision.rules.js'
import { holdOfIntent, withReports } from './notice-of-intent.rules.js'
import { settle } from './settle-account.rules.js'

/**
 * Takes in what became of the notices of intended bans, by decision. The hours to answer run from the earliest delivery that is
 * proven; where there is none and nothing is under way, people are told. Null where it is known already, or too late to matter.
 */
export function applyReports(
  facts: AccountFacts,
  reports: ReadonlyMap<string, readonly DeliveryReport[]>,
  context: ChangeContext,
): AccountChange | null {
  const news = facts.decisions.flatMap(({ decisionId, state, intent }) => {
    if (state !== 'held' || !intent) return []
    const after = withReports(intent, reports.get(decisionId) ?? [], context.now)
    return JSON.stringify(after) === JSON.stringify(intent) ? [] : [[decisionId, after] as const]
  })
  if (news.length === 0) return null
  const draft = new AccountDraft(facts, context)
  for (const [decisionId, notice] of news) learn(draft, draft.decision(decisionId), notice)
  settle(draft)
  return draft.finish()
}

function learn(draft: AccountDraft, decision: DecisionRecord, notice: NoticeOfIntent): void {
  const before = decision.intent!
  decision.intent = notice
  holdAgain(draft, decision, decision.hold!)
  const { rev } = draft.state
  if (notice.deliveredAt?.getTime() !== before.deliveredAt?.getTime() && notice.deliveredAt) {
    const until = decision.hold!.notBefore?.toISOString()
    const facts = { ...draft.decisionFacts(decision), code: 'notice-delivered', ...(until ? { until } : {}) }
    draft.event('decision.notice_delivered', `decision/${decision.decisionId}`, rev, facts)
  }
  if (notice.undelivered && !before.undelivered) {
    const facts = { ...draft.decisionFacts(decision), code: 'notice-undelivered' }
    draft.event('decision.notice_undelivered', `decision/${decision.decisionId}`, rev, facts)
  }
}

/**
 * Takes in what the owner of an account answers to an intended ban. A second person must have read it before anything begins: who
 * approved before it came does not count. Where the decision is held no more at `now`, only that is noted.
 */
export function applyAnswer(
  facts: AccountFacts,
  decisionId: string,
  text: string,
  context: ChangeContext,
): AccountChange {
  const known = facts.decisions.find((decision) => decision.decisionId === decisionId)!
  if (!known.hold || isDue(known.hold, context.now)) return applyTime(facts, context)
  const draft = new AccountDraft(facts, context)
  const decision = draft.decision(decisionId)
  decision.answer = { at: draft.now, text }
  if (decision.approval) {
    decision.earlierApprovals = [...(decision.earlierApprovals ?? []), decision.approval]
    decision.approval = null
  }
  holdAgain(draft, decision, { ...known.hold, needsApproval: true })
  draft.tellDecision('decision.answered', decision)
  settle(draft)
  return draft.finish()
}

/** Whether the clock has come to an end of the wait that nobody has looked at yet. */
function isDue({ needsApproval, lapsesAt, notBefore, unproven }: Hold, now: Date): boolean {
  if (unproven) return false
  return needsApproval ? lapsesAt !== null && lapsesAt <= now : notBefore === null || notBefore <= now
}

function holdAgain(draft: AccountDraft, decision: DecisionRecord, before: Hold): void {
  const hold = holdOfIntent(decision, before, draft.policyOf(decision.policyVersion))
  decision.hold = hold
  for (const held of draft.state.decided) {
    if (held.decisionId === decision.decisionId) held.hold = { ...hold }
  }
}
