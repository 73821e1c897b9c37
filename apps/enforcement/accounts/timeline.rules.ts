import type { AppealDocument } from '../appeals/appeal.store.js'
import type { TakenEntry } from '../ledger/cases/case-entry.store.js'
import type { DecisionRecord } from '../ledger/decisions/decision.js'
import type { DirectiveDocument } from '../ledger/directives/directive.store.js'
import type { TakenFinding } from '../ledger/findings/finding.store.js'
import type { AccountLabel, StrikeRecord } from '../ledger/account-state.js'
import type { TimelineItem } from './accounts-api.js'

/** The story of an account out of what is kept of it, newest first. */
export function timelineOf(kept: {
  entries: readonly TakenEntry[]
  strikes: readonly StrikeRecord[]
  decisions: readonly DecisionRecord[]
  directives: readonly DirectiveDocument[]
  findings: readonly TakenFinding[]
  appeals: readonly AppealDocument[]
  labels: readonly AccountLabel[]
}): TimelineItem[] {
  const items = [
    ...kept.entries.map(ofEntry),
    ...kept.strikes.flatMap(ofStrike),
    ...kept.decisions.flatMap(ofDecision),
    ...kept.directives.flatMap(ofDirective),
    ...kept.findings.map(ofFinding),
    ...kept.appeals.flatMap(ofAppeal),
    ...kept.labels.map(ofLabel),
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
    ...(decision.answer
      ? [
          {
            at: decision.answer.at,
            id: `${decisionId}/answered`,
            kind: 'decision.answered' as const,
            ...facts,
          },
        ]
      : []),
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

function ofFinding({ _id, findingId, kind, caseId, addedAt }: TakenFinding): TimelineItem {
  return {
    at: addedAt,
    id: `${_id}/finding`,
    kind: 'finding',
    findingId,
    code: kind,
    ...(caseId ? { caseId } : {}),
  }
}

function ofAppeal({ _id: appealId, ...appeal }: AppealDocument): TimelineItem[] {
  const { caseId, decisionId, directiveId, measure, openedAt, updatedAt, state, decision, earlier } = appeal
  const facts = { appealId, caseId, decisionId, directiveId, measure }
  const opened = { at: openedAt, id: `${appealId}/opened`, kind: 'appeal.opened' as const, ...facts }
  const hearings = decision ? [...earlier, decision] : earlier
  const decided = hearings.map(({ at, by, outcome: code }, i) => ({
    at,
    id: i === 0 ? `${appealId}/decided` : `${appealId}/decided/${i}`,
    kind: 'appeal.decided' as const,
    by,
    code,
    ...facts,
  }))
  if (state !== 'withdrawn') return [opened, ...decided]
  return [
    opened,
    ...decided,
    { at: updatedAt, id: `${appealId}/withdrawn`, kind: 'appeal.withdrawn', ...facts },
  ]
}

function ofLabel({ labelId, label, at, by }: AccountLabel): TimelineItem {
  return { at, id: `${labelId}/labelled`, kind: 'labelled', by, code: label }
}
