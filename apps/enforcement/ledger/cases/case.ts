import type { CategoryVerdict, Outcome } from '#libs/contracts/verdict'
import type { Message } from '#libs/contracts/message'
import type { Route } from '#libs/policy/routing'
import type { ErasedContent } from '../erased-content.rules.js'
import type { WithOutbox } from '../../outbox/with-outbox.js'
import type { Scheduled } from '../../store/erasure-schedule.js'
import type { HeldBack } from '../exonerations/exoneration.js'
import type { CaseState } from './case-transitions.js'

/** Notes of a case with its parts: the longest of as many are 8 MB, of 16 that a document may have. */
export const MAX_NOTES = 200

export interface CaseNote {
  noteId: string
  at: Date
  by: string
  /** Empty once it was erased. */
  text: string
  textSha256?: string
}

/** What a case is about. */
export const CASE_KINDS = ['account', 'cluster'] as const
export type CaseKind = (typeof CASE_KINDS)[number]

/** What people must know of a case beside what is in it: a ban waits in it for a notice that reached nobody. */
export const CASE_FLAGS = ['notice-undelivered'] as const
export type CaseFlag = (typeof CASE_FLAGS)[number]

/** What routes a case: the gravest of its entries. The database compares the fields in this order. */
export interface Gravest {
  severity: number
  score: number
  category: string
  /** BCP 47; null where the platform did not say. */
  language: string | null
}

/** How urgent a case is: each part the highest, or the earliest, that any of its entries gives. */
export interface CaseWeight {
  severity: number
  /** The longest head start of its entries, in hours. */
  priority: number
  /**
   * When its most urgent entry came, less the head start of that: the order of the queue. Age counts as it passes, and no
   * document is rewritten for it.
   */
  urgentSince: Date
  dueAt: Date
  gravest: Gravest
}

/** The file on one account, or on a cluster of accounts, in which entries gather until decided. */
export interface CaseRecord extends CaseWeight, Scheduled {
  _id: string
  /** Absent: the case is about one account. */
  kind?: 'cluster'
  /** Empty for a cluster on several platforms. */
  platformId: string
  /** Empty for a cluster. */
  accountId: string
  state: CaseState
  /** Everything in it was decided automatically and nobody is asked for anything. */
  automated: boolean
  categories: string[]
  /** What people are asked to decide. */
  proposal: 'ban' | null
  /** Absent: none. */
  flags?: CaseFlag[]
  openedAt: Date
  updatedAt: Date
  assignee: string | null
  claimedAt: Date | null
  /** Claimed: when the claim lapses. Open: it is not handed out before this; null: at any time. Else null. */
  until: Date | null
  route: Route
  /** The last of `requests`; of all cases at most one has it, so that one request claims one case only. */
  lastRequest: string | null
  /**
   * The requests that worked on it last, newest last, some with a digest of what they asked: where one of them comes again,
   * nothing more happens.
   */
  requests?: string[]
  notes: CaseNote[]
  /** Everyone who ever worked on it: none of them hears an appeal about it. Who was merely given it is not among them. */
  workedBy?: string[]
  /** The case of which it became a part: it is closed, and what is in it is seen there. */
  mergedInto?: string
  /** The cases that became a part of it, with all that were a part of those. */
  merged?: string[]
  /** Revision of the account whose change was last applied. */
  accountRev: number
  /** Counts every change, for `If-Match`. */
  version: number
  /** Of a cluster: the finding that it is about, how many accounts take part, and the order that is being carried out. */
  findingId?: string
  memberCount?: number
  deciding?: string | null
  /** Of a cluster: how often people opened it again. */
  reopenings?: number
  /** Of a cluster: when somebody last looked after it, by the machine's clock. */
  touchedAt?: Date
}

/** That a case took a version of a finding in. */
export interface TakenVersion {
  versionId: string
  caseId: string
  at: Date
}

/** A case as it is stored. One about no single account says in its outbox which findings it took in. */
export interface CaseDocument extends CaseRecord, WithOutbox<{ write: 'finding' } & TakenVersion> {}

/** A case with all that became a part of it: where its entries and decisions are filed. */
export function partsOf({ _id, merged = [] }: Pick<CaseRecord, '_id' | 'merged'>): string[] {
  return [_id, ...merged]
}

/** What a change of an account does to one of its cases. Applied once: see `accountRev`. */
export interface CaseChange {
  caseId: string
  platformId: string
  accountId: string
  at: Date
  /** The case begins with this change. */
  opens: boolean
  /** Absent: the state stays. */
  state?: CaseState
  automated?: boolean
  proposal?: 'ban' | null
  /** All of them, from now on. */
  flags?: CaseFlag[]
  addCategories: string[]
  /** Null: nothing came that makes it more urgent. */
  weight: CaseWeight | null
  /** What came asks for people of this route. */
  route?: Route
  /** The request of a person that made the change, if it is to happen once. */
  lastRequest?: string
  /** The person who did it, who has worked on the case by that. */
  workedBy?: string
  /** The case becomes a part of that one. */
  mergedInto?: string
  /** That case becomes a part of this one: its notes, and what it weighs from now on. `by` did it. */
  absorbs?: { caseId: string; by: string }
}

/** That an account took a verdict in. `heldBack`: in which categories it was not acted on, and what it comes to by that. */
export interface TakenVerdict {
  verdictId: string
  caseId: string
  at: Date
  heldBack?: { outcome: Outcome; in: HeldBack[] }
}

/** One verdict in a case: the evidence. `caseId` is null until the account took it in. */
export interface CaseEntry extends Scheduled {
  /** The verdict. */
  _id: string
  caseId: string | null
  addedAt: Date | null
  platformId: string
  accountId: string
  messageId: string
  revision: string
  /** What it comes to: that of the verdict, unless it was held back. */
  outcome: Outcome
  mode: string
  /** As judged. */
  categories: CategoryVerdict[]
  /** The categories in which the verdict acts and was not acted on. Absent: none. */
  heldBack?: HeldBack[]
  /** Of the text as it is compared; absent where there is none, and in entries from before there was one. */
  comparedDigest?: string
  policyVersion: string
  bankVersions: Record<string, string>
  modelVersions: Record<string, string>
  overlays: string[]
  inputs: Record<string, unknown>
  message: Message
  receivedAt: Date
  classifiedAt: Date
  /** Under which its copies find it; absent in entries that were kept before there were any. */
  copyKeys?: string[]
  /** What remains of the message's content, once that is gone. */
  erased?: ErasedContent
  /** Since when it is known that no case has it though nothing waits. */
  strayedAt?: Date
  /** Since when, by the machine's clock, its account is to take it in though nobody comes with its verdict again. */
  waitsSince?: Date
}

/** Whose an entry is. */
export type AccountRef = Pick<CaseEntry, 'platformId' | 'accountId'>

/** An entry as far as its copies know it: whose it is, on which message, and under which keys they find it. */
export type KeyedEntry = Pick<CaseEntry, '_id' | 'platformId' | 'accountId' | 'messageId' | 'copyKeys'> & {
  message: Pick<Message, 'text'>
}
