import type { RuleFacts, RuleSignal } from './rule-environment.js'
import { gapsOf, WidestGaps } from './widest-gaps.js'

/** Detectors that read, rather than recognise: each of their signals alone is only a sign. */
const READING_DETECTORS = new Set(['lexicon', 'text-model', 'contacts', 'context'])
const CONTACT_COUNTS_FROM = 0.4
const EVASION_COUNTS_FROM = 0.5
/** Words that are more than this part of a text, one third, leave the model nothing else to read. */
const MAX_OF = 3

/** Whether a rule that acts may see a signal. */
export function mayBeActedOn({ standing }: Pick<RuleSignal, 'standing'>): boolean {
  return standing !== 'review'
}

/**
 * Whether acting in a category rests on more than one phrase, or one score: words stand in harmless texts too. It does where a
 * signal of the category stands alone, or where two signs of different kinds meet: a phrase; another phrase of another entry,
 * elsewhere in the text; a score of the model that the policy lets act (`actAt`); a contact, a disguised link or a known one; with such a score, any link.
 */
export function isMoreThanOneSign(
  category: string,
  own: readonly RuleSignal[],
  text: string,
  { scores, actAt, contact, evasion, links, message }: RuleFacts,
): boolean {
  const rested = own.filter((signal) => signal.score > 0 && mayBeActedOn(signal))
  if (rested.some(standsAlone)) return true
  const words = rested.filter(({ detector }) => detector === 'lexicon')
  const sure = (scores[category] ?? 0) >= (actAt[category] ?? Infinity)
  const scored = sure && !areMost(text, words)
  const anyLink = scored && message.links.length > 0
  const leadsAway =
    contact >= CONTACT_COUNTS_FROM || evasion >= EVASION_COUNTS_FROM || (links[category] ?? 0) > 0 || anyLink
  return [words.length > 0, standApart(words), scored, leadsAway].filter(Boolean).length >= 2
}

function standsAlone({ detector, standing }: RuleSignal): boolean {
  return standing === 'alone' || (standing === undefined && !READING_DETECTORS.has(detector))
}

/**
 * Whether two of them are of different entries and one stands once where the other, which comes later in the list, does not. A text can hold
 * thousands of words at the same places, so pairs are not compared: a span is looked for among the gaps of all words behind it.
 */
export function standApart(words: readonly Pick<RuleSignal, 'id' | 'spans'>[]): boolean {
  const found = words.flatMap(({ id, spans }) => (spans?.length ? [{ id, spans, gaps: gapsOf(spans) }] : []))
  const behind = new WidestGaps(found.flatMap(({ gaps }) => gaps.map(([from]) => from)))
  for (const { id, spans, gaps } of found.reverse()) {
    if (spans.some(([from, to]) => behind.holds(from, to, id))) return true
    for (const [from, to] of gaps) behind.add(from, to, id)
  }
  return false
}

/** Whether the words are much of the text: then the model has read little but the same words, and is no second sign. */
function areMost(text: string, words: readonly RuleSignal[]): boolean {
  const covered = words
    .flatMap(({ spans }) => spans ?? [])
    .reduce((sum, [start, end]) => sum + end - start, 0)
  return MAX_OF * covered > text.trim().length
}
