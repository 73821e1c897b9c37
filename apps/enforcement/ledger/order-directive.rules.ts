import type { AccountLimits, Bilingual, Directive, DirectiveKind } from '#libs/contracts/directive'
import { derivedId } from '#libs/contracts/ids'
import type { Measure } from '#libs/contracts/measures-in-force'
import type { Policy } from '#libs/policy/policy-document'
import type { DecisionRecord } from './decisions/decision.js'
import { deadlinesOf } from '../platforms/deadlines.rules.js'
import { DIRECTIVE_OF } from './directives/directive-ids.rules.js'
import type { EventFacts } from '../outbox/event.rules.js'
import { statementOf } from './statements/statement.rules.js'
import type { AccountDraft } from './account-draft.rules.js'

/** What one directive is to do. */
interface DirectiveSpec {
  directiveId: string
  kind: DirectiveKind
  measure: Measure
  messageIds: string[]
  until: Date | null
  limits?: AccountLimits
  /** The directive that this one undoes, and why. */
  undo?: { directiveId: string; why: 'reversed' | 'lapsed'; reasons: Bilingual; by: string }
}

const TEMPLATE_OF = {
  ordered: 'measure-ordered',
  reversed: 'measure-reversed',
  lapsed: 'measure-lapsed',
} as const

/**
 * Orders a directive with its statement, notice and events. On a platform that is only observed nothing leaves, but what
 * undoes an earlier order does: it can only relieve. Returns the id, or null where nothing was ordered.
 */
export function orderDirective(
  draft: AccountDraft,
  decision: DecisionRecord,
  spec: DirectiveSpec,
): string | null {
  if (draft.observed && !spec.undo) return null
  const { now, context, state } = draft
  const policy = policyFor(draft, decision)
  const statementId = derivedId('sor', spec.directiveId)
  const { appealUntil, appealUrl } = redressOf(draft, statementId, policy)
  state.accountSeq += 1
  const deadlines = deadlinesOf({ ...decision, kind: spec.kind }, now, policy, context.platform.deadlines)
  const directive: Directive = {
    directiveId: spec.directiveId,
    accountSeq: state.accountSeq,
    kind: spec.kind,
    accountId: state.accountId,
    messageIds: spec.messageIds,
    until: spec.until?.toISOString() ?? null,
    issuedAt: now.toISOString(),
    acknowledgeBy: deadlines.acknowledgeBy.toISOString(),
    dueAt: deadlines.dueAt.toISOString(),
    caseId: decision.caseId,
    decisionId: decision.decisionId,
    statementOfReasonsId: statementId,
    category: decision.category,
    clause: decision.clause,
    reasons: spec.undo?.reasons ?? decision.reasons,
    correction: null,
    appealUrl,
    limits: spec.limits ?? {},
    automated: spec.undo ? spec.undo.by === 'system' : decision.automated,
    reverses: spec.undo?.directiveId ?? null,
  }
  const statement = statementOf({
    decision,
    directive,
    measure: spec.measure,
    policy,
    platformId: state.platformId,
    appealUntil,
    level: state.level,
    points: state.points,
  })
  draft.write(
    { write: 'directive', value: { platformId: state.platformId, directive } },
    { write: 'statement', value: statement },
  )
  if (spec.undo) {
    const change = { directiveId: spec.undo.directiveId, reversedBy: directive.directiveId, at: now }
    draft.write({ write: 'directive-change', value: change })
  } else {
    decision.directiveIds.push(directive.directiveId)
  }
  draft.publish({ publish: 'directive', platformId: state.platformId, value: directive })
  tell(draft, decision, directive, spec)
  return directive.directiveId
}

/**
 * Lets a decision stand on a directive on one message that is in force already. Nothing more is ordered, but the decision has
 * a statement and a way to object of its own, of which the platform is told: it may stand when the first one does not. Once,
 * however often it joins.
 */
export function joinDirective(
  draft: AccountDraft,
  decision: DecisionRecord,
  measure: 'label' | 'remove',
  { directiveId, messageId }: { directiveId: string; messageId: string },
): void {
  if (decision.directiveIds.includes(directiveId)) return
  decision.directiveIds.push(directiveId)
  const { now, state } = draft
  const policy = policyFor(draft, decision)
  const statementId = derivedId('sor', directiveId, decision.decisionId)
  const { appealUntil, appealUrl } = redressOf(draft, statementId, policy)
  const joined = {
    directiveId,
    kind: DIRECTIVE_OF[measure],
    accountId: state.accountId,
    messageIds: [messageId],
    until: null,
    issuedAt: now.toISOString(),
    statementOfReasonsId: statementId,
    reasons: decision.reasons,
    appealUrl,
    limits: {},
    automated: decision.automated,
    reverses: null,
  }
  const { platformId, level, points } = state
  const value = statementOf({
    decision,
    directive: joined,
    measure,
    policy,
    platformId,
    appealUntil,
    level,
    points,
  })
  draft.write({ write: 'statement', value })
  draft.event('statement.issued', `statement/${statementId}`, '', {
    ...draft.decisionFacts(decision),
    messageId,
    directiveId,
    statementOfReasonsId: statementId,
    measure,
  })
  draft.notify('measure-joined', statementId, {
    directiveId,
    decisionId: decision.decisionId,
    caseId: decision.caseId,
    statementOfReasonsId: statementId,
    kind: joined.kind,
    measure,
    messageIds: joined.messageIds,
    category: decision.category,
    clause: decision.clause,
    clauseTitle: draft.clauseTitle(decision),
    reasons: decision.reasons,
    issuedAt: joined.issuedAt,
    appealUrl,
    automated: decision.automated,
  })
}

function policyFor({ context }: AccountDraft, { policyVersion }: DecisionRecord): Policy {
  return context.policies.get(policyVersion) ?? context.policy
}

function redressOf(
  { now, context }: AccountDraft,
  statementId: string,
  policy: Policy,
): { appealUntil: Date; appealUrl: string } {
  const appealUntil = new Date(now.getTime() + policy.appeals.window)
  const expiresAt = new Date(appealUntil.getTime() + policy.evidence.keepAfterAppeal)
  return { appealUntil, appealUrl: context.appealUrl(statementId, now, expiresAt) }
}

function tell(
  draft: AccountDraft,
  decision: DecisionRecord,
  directive: Directive,
  spec: DirectiveSpec,
): void {
  const { directiveId, statementOfReasonsId } = directive
  const facts: EventFacts = {
    ...draft.decisionFacts(decision),
    directiveId,
    statementOfReasonsId: statementOfReasonsId!,
    measure: spec.measure,
    automated: directive.automated,
    ...(spec.until ? { until: spec.until.toISOString() } : {}),
  }
  const about = spec.undo?.directiveId ?? directiveId
  draft.event('statement.issued', `statement/${statementOfReasonsId!}`, '', facts)
  draft.event('directive.issued', `directive/${directiveId}`, '', { ...facts, code: directive.kind })
  switch (spec.undo?.why) {
    case undefined:
      draft.event('measure.ordered', draft.subject, directiveId, facts)
      break
    case 'reversed':
      draft.event('measure.lifted', draft.subject, about, facts)
      break
    case 'lapsed':
      draft.event('measure.lapsed', draft.subject, about, facts)
      break
  }
  draft.notify(TEMPLATE_OF[spec.undo?.why ?? 'ordered'], directiveId, {
    directiveId,
    decisionId: decision.decisionId,
    caseId: decision.caseId,
    statementOfReasonsId,
    kind: directive.kind,
    measure: spec.measure,
    messageIds: directive.messageIds,
    category: directive.category,
    clause: directive.clause,
    clauseTitle: draft.clauseTitle(decision),
    reasons: directive.reasons,
    until: directive.until,
    issuedAt: directive.issuedAt,
    acknowledgeBy: directive.acknowledgeBy,
    dueAt: directive.dueAt,
    appealUrl: directive.appealUrl,
    automated: directive.automated,
    reverses: directive.reverses,
  })
}
