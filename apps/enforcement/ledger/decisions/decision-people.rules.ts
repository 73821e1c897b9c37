import { strikeIdOf } from '../account-state.js'
import type { DecisionRecord } from './decision.js'

type Peopled = Pick<DecisionRecord, 'by' | 'approval' | 'refusal' | 'reversal'>
type Step = Pick<DecisionRecord, 'stepId' | 'strikesCounted' | 'messages' | 'platformId' | 'accountId'>

/** The persons who decided or approved a decision, refused or reversed it. */
export function peopleOf({ by, approval, refusal, reversal }: Peopled): string[] {
  return [by, approval?.by, refusal?.by, reversal?.by].filter((one) => isPerson(one))
}

/** The persons by whom a decision came to be in force. */
export function decidersOf({ by, approval }: Peopled): string[] {
  return [by, approval?.by].filter((one) => isPerson(one))
}

/** The strikes that a step of the ladder rests on: those that counted, and the one at which it arose. None for any other decision. */
export function strikesUnder({ stepId, strikesCounted, messages, platformId, accountId }: Step): string[] {
  if (stepId === null) return []
  const own = messages.map(({ messageId }) => strikeIdOf(platformId, accountId, messageId))
  return [...new Set([...strikesCounted, ...own])]
}

function isPerson(one: string | undefined): one is string {
  return one !== undefined && one !== 'system'
}
