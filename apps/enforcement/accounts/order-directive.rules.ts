import type { AccountLimits, Bilingual, Directive, DirectiveKind } from '#libs/contracts/directive'
import { derivedId } from '#libs/contracts/ids'
import type { Measure } from '#libs/contracts/measures-in-force'
import type { DecisionRecord } from '../decisions/decision.js'
import { deadlinesOf } from '../directives/deadlines.rules.js'
import type { EventFacts } from '../events/event.rules.js'
import { statementOf } from '../statements/statement.rules.js'
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
  const policy = context.policies.get(decision.policyVersion) ?? context.policy
  const statementId = derivedId('sor', spec.directiveId)
  const appealUntil = new Date(now.getTime() + policy.appeals.window)
  const expiresAt = new Date(appealUntil.getTime() + policy.evidence.keepAfterAppeal)
  const appealUrl = context.appealUrl(statementId, now, expiresAt)
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
