import type { AccountLimits, Bilingual, DirectiveKind } from '#libs/contracts/directive'
import type { Measure } from '#libs/contracts/measures-in-force'

/** Why, on what ground, found how, decided how, and how to object (SPEC promise 7). Derived from the decision, never typed. */
export interface StatementOfReasons {
  statementId: string
  platformId: string
  accountId: string
  /** The directive that its decision stands on; another decision with a statement of its own may stand on it too. */
  directiveId: string
  kind: DirectiveKind
  measure: Measure
  /** The directive that this one undoes; then the statement says why it was undone. */
  reverses: string | null
  decisionId: string
  caseId: string
  issuedAt: Date
  until: Date | null
  /** What a limited account may not do. */
  limits: AccountLimits
  ground: {
    clause: string | null
    category: string | null
    title: Bilingual | null
    text: Bilingual | null
    policyVersion: string
  }
  reasons: Bilingual
  facts: {
    messageIds: string[]
    verdictIds: string[]
    detectors: string[]
    strikesCounted: string[]
    level: number
    points: number
  }
  /** Something other than a person's own search found it. */
  automatedDetection: boolean
  automatedDecision: 'fully' | 'partially' | 'not'
  redress: {
    /** A capability of the account's owner: shown to the platform concerned alone. */
    appealUrl: string | null
    appealUntil: Date
    information: Bilingual
  }
}
