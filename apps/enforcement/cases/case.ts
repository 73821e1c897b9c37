import type { CategoryVerdict, Outcome } from '#libs/contracts/verdict'
import type { Message } from '#libs/contracts/message'
import type { CaseState } from './case-transitions.js'

export interface CaseNote {
  noteId: string
  at: Date
  by: string
  text: string
}

/** The file on one account in which entries gather until decided. */
export interface CaseRecord {
  _id: string
  platformId: string
  accountId: string
  state: CaseState
  /** Everything in it was decided automatically and nobody is asked for anything. */
  automated: boolean
  categories: string[]
  /** Highest of its entries. */
  severity: number
  /** The higher the sooner. */
  priority: number
  /** What people are asked to decide. */
  proposal: 'ban' | null
  openedAt: Date
  updatedAt: Date
  assignee: string | null
  claimedAt: Date | null
  notes: CaseNote[]
  /** Everyone who ever claimed it: none of them hears an appeal about it. */
  workedBy?: string[]
  /** Revision of the account whose change was last applied. */
  accountRev: number
  /** Counts every change, for `If-Match`. */
  version: number
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
  addCategories: string[]
  severity: number
  priority: number
}

/** One verdict in a case: the evidence. `caseId` is null until the account took it in. */
export interface CaseEntry {
  /** The verdict. */
  _id: string
  caseId: string | null
  addedAt: Date | null
  platformId: string
  accountId: string
  messageId: string
  revision: string
  outcome: Outcome
  mode: string
  categories: CategoryVerdict[]
  policyVersion: string
  bankVersions: Record<string, string>
  modelVersions: Record<string, string>
  overlays: string[]
  inputs: Record<string, unknown>
  message: Message
  receivedAt: Date
  classifiedAt: Date
}
