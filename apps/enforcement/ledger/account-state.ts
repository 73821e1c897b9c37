import { derivedId } from '#libs/contracts/ids'
import type { AccountLimits } from '#libs/contracts/directive'
import type { AccountStatus, Measure } from '#libs/contracts/measures-in-force'
import type { AccountKind } from '#libs/contracts/message-in'
import type { ArchivedSpan } from '#libs/policy/archived-strikes'
import type { IssuedStep, Strike } from '#libs/policy/ladder'
import type { Severity } from '#libs/policy/policy-document'
import { NO_RISK, type Risk } from './risk.rules.js'

/** What gave rise to a strike: one violating revision of the message, or a person's decision on it. */
export interface StrikeCause {
  /** Verdict or decision. */
  causeId: string
  at: Date
  clause: string
  category: string
  severity: Severity
  points: number
  expiresAt: Date
  policyVersion: string
}

/**
 * A strike as it is kept: the facts are those of the earliest of its causes, so that they do not depend on the order in
 * which revisions were judged. `_id` derives from platform, account and message: one message, one strike, ever.
 */
export interface StrikeRecord extends Strike {
  platformId: string
  accountId: string
  policyVersion: string
  causes: StrikeCause[]
  reversedBy: string | null
  /**
   * `counting`: left out of what is read with the account, for it decides nothing but the sum of points (docs/adr/0090);
   * `expired`: so, and its expiry has been told. Null or absent: neither.
   */
  archived?: 'counting' | 'expired' | null
  /** What the verdicts that would each have earned it say of the account: gone when it is reversed. */
  risk?: Risk
}

/** What an account knows of its archived strikes without reading them. */
export interface ArchivedStrikes {
  /** Points of those whose expiry was not told yet. */
  points: number
  /** When the first of them expires, or earlier. */
  nextExpiresAt: Date | null
  /** When the last of them began, or later. */
  lastAt: Date | null
  /** When they count: few stretches, however many they are. */
  spans: ArchivedSpan[]
}

/** The id of the one strike that a message can earn. */
export function strikeIdOf(platformId: string, accountId: string, messageId: string): string {
  return derivedId('str', platformId, accountId, messageId)
}

export const NONE_ARCHIVED: ArchivedStrikes = { points: 0, nextExpiresAt: null, lastAt: null, spans: [] }

/**
 * Where a measure stands. `covered`: a graver one that holds at least as long made it needless. `waived`: a reversal uncovered
 * it. `paused`: an appeal against it is late.
 */
type MeasureState =
  'held' | 'in_force' | 'paused' | 'over' | 'refused' | 'lapsed' | 'lifted' | 'covered' | 'waived'

/** What holds a decision back: a second person, a date before which it may not begin, a notice that must arrive first. */
export interface Hold {
  needsApproval: boolean
  lapsesAt: Date | null
  notBefore: Date | null
  /** Its notice of intent is not known to have arrived: neither begins it nor does it lapse. */
  unproven?: true
  /** When a second person was asked for anew, since the account had come to be of reach. */
  askedAt?: Date
  /** The appeal whose suspension of the measure has ended: the measure is ordered again, and not for the first time. */
  resumes?: string
}

/** A step of the ladder that arose for an account, and what became of it. */
export interface StepOnAccount extends IssuedStep {
  limits: AccountLimits
  state: MeasureState
  decisionId: string
  directiveId: string | null
  hold: Hold | null
}

/** A measure on an account that a person decided. */
export interface DecidedMeasure {
  decisionId: string
  measure: Measure
  state: MeasureState
  since: Date
  until: Date | null
  directiveId: string | null
  hold: Hold | null
}

/** Why a case of the account needs a person. */
export type CaseReason = 'review' | 'held' | 'ban' | 'reopened' | 'notice-undelivered'

export interface OpenCase {
  caseId: string
  why: CaseReason[]
}

/** A case that waits with a decision of a person. `undelivered`: the notice of that decision reached nobody. */
export interface HeldCase {
  caseId: string
  decisionId: string
  undelivered?: true
}

/** What an operator says of an account to other operators, until it expires. Not a measure: nobody outside sees it. */
export interface AccountLabel {
  labelId: string
  label: string
  reason: string
  by: string
  at: Date
  expiresAt: Date
}

/** The account as its platform last described it. */
export interface AccountProfile {
  displayName: string | null
  kind: AccountKind | null
  verified: boolean | null
  ownerRef: string | null
  followers: number | null
  seenAt: Date
}

/**
 * The aggregate: everything that a decision on an account reads and changes at once, but for what lies in collections of
 * its own (strikes, entries, decisions, directives). Bounded, whatever the account does. `rev` guards every change.
 */
export interface AccountState {
  /** `platform/account`. */
  _id: string
  platformId: string
  accountId: string
  rev: number
  status: AccountStatus
  level: number
  points: number
  profile: AccountProfile | null
  /** Highest count of followers seen on each of the last 31 days, by UTC date. */
  followersByDay: Record<string, number>
  steps: StepOnAccount[]
  decided: DecidedMeasure[]
  labels: AccountLabel[]
  archived: ArchivedStrikes
  /** Of its judged messages together. Orders the queue and nothing else: no measure follows from it. */
  risk: Risk
  /** Counts the directives on this account. */
  accountSeq: number
  /** Of the cases that wait for a person the one in which what comes gathers. */
  openCase: OpenCase | null
  /** The others that wait: their decision was refused or lapsed while that one was open. Absent where there never was any. */
  alsoOpen?: OpenCase[]
  /** Cases that wait with a decision of a person that is held, and that decision. Absent where there never was any. */
  heldCases?: HeldCase[]
  /** The case in which automatically decided entries gather while no case is open. */
  automatedCaseId: string | null
  /** Cases that became a part of another one; absent where there is none. */
  mergedCases?: { caseId: string; into: string }[]
  /** Expiries up to this instant have been told. */
  settledAt: Date
  /** When the clock alone next changes something. */
  nextDueAt: Date | null
  updatedAt: Date
}

/** An account of which nothing is known. */
export function newAccount(platformId: string, accountId: string, now: Date): AccountState {
  return {
    _id: `${platformId}/${accountId}`,
    platformId,
    accountId,
    rev: 0,
    status: 'active',
    level: 0,
    points: 0,
    profile: null,
    followersByDay: {},
    steps: [],
    decided: [],
    labels: [],
    archived: NONE_ARCHIVED,
    risk: { ...NO_RISK },
    accountSeq: 0,
    openCase: null,
    automatedCaseId: null,
    settledAt: now,
    nextDueAt: null,
    updatedAt: now,
  }
}
