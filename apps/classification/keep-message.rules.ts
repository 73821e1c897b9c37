import { LONGEST_TEXT, MAX_LINKS } from '#libs/contracts/message-in'
import { isTooLong } from '#libs/contracts/repair-message.rules'
import type { Outcome, Signal } from '#libs/contracts/verdict'
import type { CategoryJudgement } from '#libs/policy/judge-message'
import type { Judge } from './judge.js'
import { splitsPair, type TextWindow } from './text-windows.rules.js'

/** What is kept of a text, and what was judged of it with places in what is kept. */
export interface KeptText {
  readonly text: string | undefined
  readonly categories: readonly CategoryJudgement<Signal>[]
}

const GRAVITY: Record<Outcome, number> = { clear: 0, review: 1, act: 2 }

/**
 * A text as it is kept: one that is too long is cut to `LONGEST_TEXT` units around the strongest finding of the gravest category,
 * or to where the model was surest. Spans that lie in what is kept begin with it; others go, their signals stay.
 */
export function keepText(
  text: string | undefined,
  categories: readonly CategoryJudgement<Signal>[],
  surest: ReadonlyMap<string, TextWindow>,
): KeptText {
  if (text === undefined || !isTooLong(text)) return { text, categories }
  const { from, to } = around(text, placeOf(categories, surest))
  const inside = ([start, end]: [number, number]): boolean => start >= from && end <= to
  const rebased = (signal: Signal): Signal => ({
    ...signal,
    spans: signal.spans.filter(inside).map(([start, end]) => [start - from, end - from]),
  })
  return {
    text: text.slice(from, to),
    categories: categories.map((one) => ({ ...one, signals: one.signals.map(rebased) })),
  }
}

/** As many of too many links as are kept: those first of which something is known; in the order in which they were given. */
export function keepLinks(links: readonly string[], { links: bank }: Pick<Judge, 'links'>): string[] {
  const places = links.map((_link, i) => i)
  const known = places.filter((i) => bank.match('', [links[i]!]).length > 0)
  const kept = new Set([...known, ...places].slice(0, known.length + MAX_LINKS))
  return [...kept]
    .slice(0, MAX_LINKS)
    .sort((a, b) => a - b)
    .map((i) => links[i]!)
}

function placeOf(
  categories: readonly CategoryJudgement<Signal>[],
  surest: ReadonlyMap<string, TextWindow>,
): TextWindow {
  const gravest = [...categories]
    .filter(({ outcome }) => outcome !== 'clear')
    .sort((a, b) => GRAVITY[b.outcome] - GRAVITY[a.outcome] || b.score - a.score)
  for (const { category, signals } of gravest) {
    const [strongest] = signals
      .filter(({ id, spans }) => spans.length > 0 && isOf(id, category))
      .sort((a, b) => b.score - a.score)
    if (strongest) return { from: strongest.spans[0]![0], to: strongest.spans[0]![1] }
    const window = surest.get(category)
    if (window) return window
  }
  return { from: 0, to: 0 }
}

function isOf(id: string, category: string): boolean {
  return id === category || id.startsWith(`${category}/`)
}

/** As much as is kept, with a place in its middle as far as the ends of the text let it be. */
function around(text: string, place: TextWindow): TextWindow {
  const middle = Math.floor((place.from + place.to - LONGEST_TEXT) / 2)
  const first = Math.max(0, Math.min(middle, place.from, text.length - LONGEST_TEXT))
  const from = first + splitsPair(text, first)
  const to = Math.min(text.length, first + LONGEST_TEXT)
  return { from, to: to - splitsPair(text, to) }
}
