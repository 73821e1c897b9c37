import { derivedId } from '#libs/contracts/ids'

/** That a text was found wrongly judged under a clause: automation does not act on it under that clause any more. */
export interface Exoneration {
  /** Of the text as it is compared: the verdict's `comparedDigest`. */
  digest: string
  clause: string
  /** When it was found. */
  at: Date
  /** The decision that was undone. */
  decisionId: string
  /** The appeal that found it; null where somebody reversed the automated decision without one. */
  appealId: string | null
}

/** Why automation did not act on a verdict in one of its categories. */
export interface HeldBack extends Pick<Exoneration, 'clause' | 'at' | 'decisionId' | 'appealId'> {
  category: string
}

/** A judged text as far as it can be exonerated. */
export interface JudgedText {
  messageId: string
  digest: string
  /** The clauses under which the verdict acts. */
  actsUnder: readonly string[]
}

/** Of one text under one clause there is one exoneration, however often it is found. */
export function exonerationId(digest: string, clause: string): string {
  return derivedId('exo', digest, clause)
}
