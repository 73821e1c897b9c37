import type { Bilingual } from '#libs/contracts/directive'
import type { Measure } from '#libs/contracts/measures-in-force'
import type { AppealOutcome, AppealState } from './appeal-transitions.js'

/** The lesser measure that takes the place of one that was appealed. `until` null: as long as the policy has it. */
export interface ReplacementOrder {
  measure: Measure
  until: Date | null
}

/** What was decided on an appeal, by whom and why. */
export interface AppealDecision {
  outcome: AppealOutcome
  by: string
  at: Date
  reasons: Bilingual
  /** With `partly_granted` only. */
  replacement: ReplacementOrder | null
}

/** What was added to an appeal after it was opened. */
export interface AppealFacts {
  factId: string
  at: Date
  /** Empty once it was erased; then its digest remains. */
  text: string
  textSha256?: string
  /** It was decided by then: a senior may take it up. */
  afterDecision: boolean
}

/** An objection of an account to the measure that one statement of reasons is about: to all decisions that it rests on. */
export interface AppealRecord {
  _id: string
  platformId: string
  accountId: string
  statementId: string
  directiveId: string
  decisionId: string
  caseId: string
  measure: Measure
  category: string | null
  clause: string | null
  /** People who tipped off are to follow. */
  appellant: 'account'
  /** Empty once it was erased; then its digest remains. */
  text: string
  textSha256?: string
  erasedAt?: Date
  facts: AppealFacts[]
  /** Some that came after the decision were not taken up yet. */
  factsWaiting: boolean
  state: AppealState
  /** It was not decided in time: its measure was suspended. */
  late: boolean
  openedAt: Date
  updatedAt: Date
  claimedBy: string | null
  claimedAt: Date | null
  decision: AppealDecision | null
  /** What was decided before facts were taken up and it was heard again. */
  earlier: AppealDecision[]
  /**
   * Set when it is decided: the decisions that its measure rested on then, whatever was decided. One that joins the measure
   * later is not among them. Where it is absent, `decisionId` alone.
   */
  covers?: string[]
  /** Set when it is decided: the decisions that granting it undoes, or would have undone. */
  undoes?: string[]
  /** The account reflects what this appeal has come to. */
  settled: boolean
  /** Tells the measure, also where it is ordered anew under another directive. */
  measureKey: string
  /** Of the first appeal against the measure: its directive and the appellant. */
  measureRoot: string
  /** Which of the appeals against the measure it is: nobody else takes the same turn. */
  turn: string
  /** The `measureRoot` while it is undecided: one at a time for a measure and an appellant. */
  openKey: string | null
  /** Of the code by which the appellant follows it; the code itself is nowhere. */
  receiptHash: string
  /** When it becomes late. */
  nextDueAt: Date | null
  /** Counts every change, for `If-Match`. */
  version: number
}
