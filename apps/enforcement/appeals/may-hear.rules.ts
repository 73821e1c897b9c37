/** Who did what in the case that an appeal is about. */
export interface PartsInCase {
  /** Decided, approved, refused or reversed something in it. */
  deciders: readonly string[]
  claimers: readonly string[]
  noteWriters: readonly string[]
  /** Reviewed a decision in it. */
  reviewers: readonly string[]
  /** Decided an earlier appeal in it. */
  hearers: readonly string[]
}

/** The part that somebody already had in a case, as a code; null for none: then they may hear an appeal (SPEC promise 7). */
export function partIn(subject: string, parts: PartsInCase): keyof PartsInCase | null {
  const order = ['deciders', 'hearers', 'claimers', 'noteWriters', 'reviewers'] as const
  return order.find((part) => parts[part].includes(subject)) ?? null
}
