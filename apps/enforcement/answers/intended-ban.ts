import type { Bilingual } from '#libs/contracts/directive'
import type { Measure } from '#libs/contracts/measures-in-force'

/** What the owner of an account is told of an intended ban. */
export interface IntendedBan {
  platformId: string
  accountId: string
  measure: Measure
  category: string | null
  clause: string | null
  clauseTitle: Bilingual | null
  clauseText: Bilingual | null
  reasons: Bilingual
  decidedAt: Date
  /** Nothing begins before; null while the notice is not known to have arrived. */
  until: Date | null
  /** From the arrival of the notice. */
  hours: number
  /** It has not been answered yet. */
  isOpen: boolean
}
