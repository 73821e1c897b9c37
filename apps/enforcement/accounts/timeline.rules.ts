import type { TakenEntry } from '../cases/case-entry.store.js'
import type { DecisionRecord } from '../decisions/decision.js'
import type { DirectiveDocument } from '../directives/directive.store.js'
import type { StrikeRecord } from './account-state.js'
import type { TimelineItem } from './accounts-api.js'

export const TIMELINE_KINDS = [
  'verdict',
  'strike.added',
  'strike.reversed',
  'decision.made',
  'decision.held',
  'decision.approved',
  'decision.refused',
  'decision.reversed',
  'directive.issued',
  'directive.answered',
] as const
export type TimelineKind = (typeof TIMELINE_KINDS)[number]

/** The story of an account out of what is kept of it, newest first. */
export function timelineOf(kept: {
  entries: readonly TakenEntry[]
  strikes: readonly StrikeRecord[]
  decisions: readonly DecisionRecord[]
  directives: readonly DirectiveDocument[]
}): TimelineItem[] {
  const items = [
    ...kept.entries.map(ofEntry),
    ...kept.strikes.flatMap(ofStrike),
    ...kept.decisions.flatMap(ofDecision),
    ...kept.directives.flatMap(ofDirective),
  ]
  return items.sort((a, b) => b.at.getTime() - a.at.getTime() || (a.id < b.id ? 1 : -1))
}

function ofEntry(entry: TakenEntry): TimelineItem {
  return {
    at: entry.receivedAt,
    id: `${entry._id}/verdict`,
    kind: 'verdict',
    messageId: entry.messageId,
    code: entry.outcome,
    ...(entry.caseId ? { caseId: entry.caseId } : {}),
  }
}

function ofStrike(strike: StrikeRecord): TimelineItem[] {
  const { strikeId, messageId, clause } = strike
  const facts = { strikeId, messageId, clause }
  const added = { at: strike.at, id: `${strikeId}/added`, kind: 'strike.added' as const, ...facts }
  if (!strike.reversedAt) return [added]
  return [added, { at: strike.reversedAt, id: `${strikeId}/reversed`, kind: 'strike.reversed', ...facts }]
}

function ofDecision(decision: DecisionRecord): TimelineItem[] {
  const { decisionId, caseId, measure, clause, approval, refusal, reversal } = decision
  const facts = { decisionId, caseId, measure, clause }
  const later = [
    ['decision.approved', approval],
    ['decision.refused', refusal],
    ['decision.reversed', reversal],
  ] as const
  return [
    {
      at: decision.at,
      id: `${decisionId}/made`,
      kind: decision.hold || decision.approval || decision.refusal ? 'decision.held' : 'decision.made',
      by: decision.by,
      ...facts,
    },
    ...later.flatMap(([kind, step]) =>
      step ? [{ at: step.at, id: `${decisionId}/${kind}`, kind, by: step.by, ...facts }] : [],
    ),
  ]
}

function ofDirective(document: DirectiveDocument): TimelineItem[] {
  const { _id: directiveId, kind, issuedAt, receipts } = document
  return [
    { at: issuedAt, id: `${directiveId}/issued`, kind: 'directive.issued', directiveId, code: kind },
    ...receipts.map(({ receivedAt, receiptId, status }) => ({
      at: receivedAt,
      id: receiptId,
      kind: 'directive.answered' as const,
      directiveId,
      code: status,
    })),
  ]
}
