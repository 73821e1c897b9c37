import type { CategoryVerdict, Outcome } from '#libs/contracts/verdict'
import type { Bilingual } from '#libs/contracts/directive'
import { writeInstant } from '#libs/contracts/write-instant'
import { strikeIdOf } from '../account-state.js'
import type { DecisionRecord } from '../decisions/decision.js'
import { type Exoneration, exonerationId, type HeldBack, type JudgedText } from './exoneration.js'

/** The clause that a category is cited by. */
export function clauseNameOf({ category, clause }: Pick<CategoryVerdict, 'category' | 'clause'>): string {
  return clause ?? `${category}.general`
}

/** The clauses under which a verdict acts. */
export function actsUnder(categories: readonly CategoryVerdict[]): string[] {
  return categories.filter(({ outcome }) => outcome === 'act').map(clauseNameOf)
}

interface Judgement {
  outcome: Exclude<Outcome, 'clear'>
  categories: readonly CategoryVerdict[]
  comparedDigest?: string
}

/**
 * A verdict as it is acted on: where its text was found wrongly judged under a clause, that category is for review; where it acts in
 * no other, so is all of it. `heldBack`: in which categories, and who found it.
 */
export function heldBack<T extends Judgement>(
  verdict: T,
  exonerations: ReadonlyMap<string, Exoneration>,
): T & { heldBack: HeldBack[] } {
  const { comparedDigest: digest } = verdict
  if (verdict.outcome !== 'act' || digest === undefined) return { ...verdict, heldBack: [] }
  const held: HeldBack[] = []
  const categories = verdict.categories.map((one) => {
    const found = exonerations.get(exonerationId(digest, clauseNameOf(one)))
    if (one.outcome !== 'act' || !found) return one
    const { clause, at, decisionId, appealId } = found
    held.push({ category: one.category, clause, at, decisionId, appealId })
    return { ...one, outcome: 'review' as const }
  })
  const outcome = categories.some((one) => one.outcome === 'act') ? 'act' : 'review'
  return { ...verdict, categories, outcome, heldBack: held }
}

/** Who found that a decision was wrong, and when. */
interface Finding {
  at: Date
  appealId?: string
}

type Undone = Pick<
  DecisionRecord,
  'decisionId' | 'platformId' | 'accountId' | 'measure' | 'clause' | 'automated' | 'verdictIds' | 'strikeIds'
>

/**
 * The texts that are exonerated because a decision on them was found wrong: under its clause, and one that automation made under
 * every clause on which its verdict acted. Of a decision on an account those messages that it gave a strike to. A step of the ladder
 * judges no text; one of the decisions below it does. `judged`: by verdict.
 */
export function exonerationsBy(
  decision: Undone,
  judged: ReadonlyMap<string, JudgedText>,
  { at, appealId }: Finding,
): Exoneration[] {
  const { decisionId, platformId, accountId, clause, automated, verdictIds } = decision
  const struck = new Set(decision.strikeIds)
  return verdictIds.flatMap((verdictId) => {
    const text = judged.get(verdictId)
    if (!text) return []
    if (!isOnMessages(decision) && !struck.has(strikeIdOf(platformId, accountId, text.messageId))) return []
    const clauses = new Set([...(clause === null ? [] : [clause]), ...(automated ? text.actsUnder : [])])
    return [...clauses].map((under) => ({
      digest: text.digest,
      clause: under,
      at,
      decisionId,
      appealId: appealId ?? null,
    }))
  })
}

/** Whether the measure is on messages: a lesser one in its place says that this was too much for them. */
export function isOnMessages({ measure }: Pick<DecisionRecord, 'measure'>): boolean {
  return measure === 'remove' || measure === 'label'
}

/** For people: why automation did not act. */
export function heldBackReason({ clause, at, appealId }: HeldBack): Bilingual {
  return appealId === null
    ? {
        zh: `${writeInstant(at, 'zh')}，工作人员撤销了依据条款 ${clause} 对相同文字作出的自动决定，因此未自动处理。`,
        en: `Somebody reversed an automated decision on this text under clause ${clause} on ${writeInstant(at, 'en')}; it was not acted on by itself.`,
      }
    : {
        zh: `${writeInstant(at, 'zh')}，申诉审理认定依据条款 ${clause} 对相同文字的判断有误，因此未自动处理。`,
        en: `An appeal found this text wrongly judged under clause ${clause} on ${writeInstant(at, 'en')}; it was not acted on by itself.`,
      }
}
