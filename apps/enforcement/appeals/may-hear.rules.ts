import type { CaseRecord } from '../ledger/cases/case.js'
import type { PeopledDecision } from '../ledger/decisions/decision.store.js'
import { decidersOf, peopleOf } from '../ledger/decisions/decision-people.rules.js'
import type { HeardAppeal } from './appeal.store.js'

/** Who did what about the decisions that an appeal would undo, or in a case. */
export interface PartsInCase {
  /** Decided, approved, refused or reversed something. */
  deciders: readonly string[]
  /** Worked on a case (claimed it or passed it on, put it back or aside, opened it again), or answered the platform about its measure. */
  workers: readonly string[]
  noteWriters: readonly string[]
  /** Reviewed a decision. */
  reviewers: readonly string[]
  /** Put the case forward as a golden one, or approved that. */
  goldenKeepers: readonly string[]
  /** Decided an earlier appeal. */
  hearers: readonly string[]
}

/** The part that somebody already had, as a code; null for none: then they may hear an appeal (SPEC promise 7). */
export function partIn(subject: string, parts: PartsInCase): keyof PartsInCase | null {
  const order = ['deciders', 'hearers', 'workers', 'noteWriters', 'reviewers', 'goldenKeepers'] as const
  return order.find((part) => parts[part].includes(subject)) ?? null
}

/** What is known of the decisions that an appeal would undo, and of what was done around them. */
export interface Surroundings {
  /** The decisions that it would undo, those that they took the place of, and the steps of the ladder that would fall. */
  undone: readonly PeopledDecision[]
  /** Those that added the strikes under a step that it is about. */
  strikes: readonly PeopledDecision[]
  /** Steps of the ladder that arose at the same messages, whatever became of them. */
  steps: readonly PeopledDecision[]
  /** What people decided in the same cases. */
  onCases: readonly PeopledDecision[]
  /** All appeals of the account that were decided. */
  heard: readonly HeardAppeal[]
  /** The cases in which the undone decisions stand, with their parts. */
  cases: readonly Pick<CaseRecord, 'workedBy' | 'notes'>[]
  reviewers: readonly string[]
  goldenKeepers: readonly string[]
  /** Who told the platform, when it stopped the clock of a directive that would be undone, how the measure stands. */
  answerers: readonly string[]
}

/**
 * Who had a part in what an appeal would undo. A part belongs to decisions: who heard an appeal about others of the same case
 * has none, however long that case is used. Whoever decided a strike is a person of the step that rests on it.
 */
export function partsAround(around: Surroundings): PartsInCase {
  const ids = new Set(around.undone.map(({ decisionId }) => decisionId))
  const heardThem = around.heard.filter((one) => [...one.covers, ...one.undoes].some((id) => ids.has(id)))
  const others = around.onCases.filter(({ decisionId, replaces }) => !ids.has(decisionId) && !replaces)
  return {
    deciders: [
      ...around.undone.flatMap(peopleOf),
      ...around.strikes.flatMap(decidersOf),
      ...around.steps.flatMap((step) => peopleOf({ ...step, reversal: null })),
      ...others.flatMap((other) => peopleOf(withoutHearing(other))),
    ],
    workers: [...around.cases.flatMap(({ workedBy = [] }) => workedBy), ...around.answerers],
    noteWriters: around.cases.flatMap(({ notes }) => notes.map((note) => note.by)),
    reviewers: around.reviewers,
    goldenKeepers: around.goldenKeepers,
    hearers: heardThem.map(({ by }) => by),
  }
}

/** A decision without its reversal by an appeal: who heard that had a part in that decision only. */
function withoutHearing(decision: PeopledDecision): PeopledDecision {
  return decision.reversal?.appealId === undefined ? decision : { ...decision, reversal: null }
}
