import type { Bilingual, Directive } from '#libs/contracts/directive'
import type { Measure } from '#libs/contracts/measures-in-force'
import { clauseOf, type Policy } from '#libs/policy/policy-document'
import type { DecisionRecord } from '../decisions/decision.js'
import type { StatementOfReasons } from './statement.js'

/** What a statement says of the directive that its decision stands on. */
type StatedDirective = Pick<
  Directive,
  | 'directiveId'
  | 'kind'
  | 'accountId'
  | 'messageIds'
  | 'until'
  | 'issuedAt'
  | 'statementOfReasonsId'
  | 'reasons'
  | 'appealUrl'
  | 'limits'
  | 'automated'
  | 'reverses'
>

/**
 * The statement of reasons of one decision that stands on one directive. Every field follows from the decision and the
 * directive; nothing is typed in.
 */
export function statementOf(given: {
  decision: DecisionRecord
  directive: StatedDirective
  measure: Measure
  policy: Policy
  platformId: string
  appealUntil: Date
  level: number
  points: number
}): StatementOfReasons {
  const { decision, directive, policy } = given
  const clause = decision.clause === null ? null : clauseOf(policy, decision.clause)
  return {
    statementId: directive.statementOfReasonsId!,
    platformId: given.platformId,
    accountId: directive.accountId,
    directiveId: directive.directiveId,
    kind: directive.kind,
    measure: given.measure,
    reverses: directive.reverses ?? null,
    decisionId: decision.decisionId,
    caseId: decision.caseId,
    issuedAt: new Date(directive.issuedAt),
    until: directive.until ? new Date(directive.until) : null,
    limits: directive.limits,
    ground: {
      clause: decision.clause,
      category: decision.category,
      title: clause ? bilingual(clause.title) : null,
      text: clause ? bilingual(clause.text) : null,
      policyVersion: decision.policyVersion,
    },
    reasons: directive.reasons,
    facts: {
      messageIds: directive.messageIds,
      verdictIds: decision.verdictIds,
      detectors: decision.detectors,
      strikesCounted: decision.strikesCounted,
      level: given.level,
      points: given.points,
    },
    automatedDetection: decision.verdictIds.length > 0 || (decision.findingIds ?? []).length > 0,
    automatedDecision: directive.automated ? (decision.approval ? 'partially' : 'fully') : 'not',
    redress: {
      appealUrl: directive.appealUrl ?? null,
      appealUntil: given.appealUntil,
      information: REDRESS,
    },
  }
}

const REDRESS: Bilingual = {
  zh: '您可以通过申诉链接免费提出申诉。申诉由未曾参与本案的人员处理；申诉不会使处理结果变得更重。您也可以向法院或庭外争议解决机构寻求救济。',
  en: 'You can object free of charge through the appeal link. Someone who had no part in this case decides on it, and an appeal never makes matters worse. You may also turn to a court or to an out-of-court dispute settlement body.',
}

function bilingual(text: Bilingual): Bilingual {
  return { zh: text.zh, en: text.en }
}
