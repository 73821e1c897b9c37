import type { Bilingual } from '#libs/contracts/directive'
import type { Measure } from '#libs/contracts/measures-in-force'
import type { Hold } from '../account-state.js'

export const DECISION_STATES = ['held', 'in_force', 'lapsed', 'refused', 'reversed', 'expired'] as const
export type DecisionState = (typeof DECISION_STATES)[number]

/** A person's decision names at most as many messages: an update of an account must stay small. */
export const MAX_MESSAGES = 100

/** Why a message earns no strike by a person's decision. */
export const NO_STRIKE = [
  /** The policy in force when the broker received it did not have the clause, or nobody knows which that was. */
  'clause-not-in-force',
  'receipt-unknown',
  /** Only a sweep found it, later and by another policy. */
  'sweep-only',
  'too-old',
  /** One message, one strike, ever. */
  'has-strike',
] as const
export type NoStrike = (typeof NO_STRIKE)[number]

/** A message that a decision is about. */
export interface DecidedMessage {
  messageId: string
  sentAt: Date
  /** Of a person's decision: the policy by which it may earn a strike, that in force when the broker received it. */
  receivedUnder?: string
  /** Absent beside `receivedUnder`: it may earn none, and why. */
  noStrike?: NoStrike
}

/** What a person asked for, as digests: the decision by whom, and the whole request that it came with. */
export interface Asked {
  same: string
  request: string
}

/** Who did something to a decision afterwards. */
export interface DecisionStep {
  by: string
  at: Date
  reasons: Bilingual
  /** The appeal that it came of, of a reversal that did. */
  appealId?: string
}

/** What the owner of an account says to an intended ban. */
export interface IntentAnswer {
  at: Date
  text: string
}

/** What became of one delivery of the notice, as far as it matters: the earliest times that it arrived, and the last that it came back. */
export interface IntentDelivery {
  deliveryId: string
  arrivedAt: Date[]
  bouncedAt: Date | null
}

/** The notice of an intended ban, and what is known of its delivery: a function of the set of the reports. */
export interface NoticeOfIntent {
  noticeId: string
  /** The day before which whoever decided wants nothing to begin. */
  wanted: Date | null
  deliveries: IntentDelivery[]
  /** The fewest deliveries that a report says there were; null before the first that says so. */
  fewest: number | null
  /** The earliest proven delivery. */
  deliveredAt: Date | null
  /** Nothing is under way any more, and nobody was told. */
  undelivered: boolean
}

/** The decision that a lesser measure replaced, and since when time was served under it. */
export interface Replaced {
  decisionId: string
  appealId: string
  servedFrom: Date
}

/** A late appeal that suspends a measure; over with `endedAt`, and then never begun again. */
export interface Pause {
  appealId: string
  endedAt: Date | null
}

/** What was decided on a case, by whom, under which clause, with which reasons, and what it did. */
export interface DecisionRecord {
  decisionId: string
  platformId: string
  accountId: string
  caseId: string
  measure: Measure
  clause: string | null
  category: string | null
  severity: number | null
  policyVersion: string
  reasons: Bilingual
  /** The messages that it is about, with when they were sent. */
  messages: DecidedMessage[]
  /** Verdicts that it rests on, and the detectors that spoke in them. */
  verdictIds: string[]
  /** Findings that it rests on. */
  findingIds?: string[]
  detectors: string[]
  /** A fixed end, or else how long it holds once it is in force; both null: without end. */
  until: Date | null
  durationMs: number | null
  at: Date
  /** `system`, or the subject of the token. */
  by: string
  automated: boolean
  /** The step of the ladder that it is; null for any other. */
  stepId: string | null
  /** The strikes that count towards the step. */
  strikesCounted: string[]
  state: DecisionState
  hold: Hold | null
  inForceSince: Date | null
  /** False on a platform that is only observed: nothing was asked of it. */
  ordered: boolean
  /** Strikes that it added. */
  strikeIds: string[]
  directiveIds: string[]
  approval: DecisionStep | null
  refusal: DecisionStep | null
  reversal: DecisionStep | null
  /** Of a person's decision. */
  asked?: Asked
  /** Of a person's decision: messages that earned no strike by it; while it is held: that would earn none. */
  withoutStrike?: { messageId: string; why: NoStrike }[]
  /** Of a ban that its owner is told of before it begins. */
  intent?: NoticeOfIntent
  answer?: IntentAnswer
  /** Approvals from before the answer. */
  earlierApprovals?: DecisionStep[]
  /** It was made on a cluster: its case is about many accounts. */
  cluster?: true
  /** Set on a lesser measure that stands in the place of another. */
  replaces?: Replaced
  /** Late appeals that suspended its measure, and when each stopped doing so. */
  pauses?: Pause[]
  updatedAt: Date
}
