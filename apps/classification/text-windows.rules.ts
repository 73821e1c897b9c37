import { LONGEST_TEXT } from '#libs/contracts/message-in'
import { type DetectorSignal, MAX_SPANS } from './detectors/signal.js'

/** A part of a text, `[from, to)` in UTF-16 units. */
export interface TextWindow {
  readonly from: number
  readonly to: number
}

/** What two windows have in common: what is found is shorter, also where it is spaced out. */
const OVERLAP = 2_000
/** What is found so near to a border may be half a word; the neighbour sees it whole. */
const BORDER = 100

/** The windows in which a long text is looked at, in order. Linear: each unit stands in two at most. */
export function windowsOf(text: string): TextWindow[] {
  const windows: TextWindow[] = []
  for (let from = 0; ;) {
    const to = Math.min(text.length, from + LONGEST_TEXT)
    windows.push({ from, to: to - splitsPair(text, to) })
    if (to === text.length) return windows
    from = to - OVERLAP
    from -= splitsPair(text, from)
  }
}

/** 1 where a place in a text lies within a surrogate pair, else 0. */
export function splitsPair(text: string, at: number): 0 | 1 {
  if (at <= 0 || at >= text.length) return 0
  const [before, after] = [text.charCodeAt(at - 1), text.charCodeAt(at)]
  return before >= 0xd800 && before <= 0xdbff && after >= 0xdc00 && after <= 0xdfff ? 1 : 0
}

/**
 * The signals of all windows as of the whole text: the strongest of each kind, with the places of all. Those of one id on which
 * different things may rest stay apart, as within one text.
 */
export function mergeSignals(
  found: readonly { readonly window: TextWindow; readonly signals: readonly DetectorSignal[] }[],
): DetectorSignal[] {
  const merged = new Map<string, DetectorSignal>()
  const end = found.at(-1)?.window.to ?? 0
  for (const { window, signals } of found) {
    for (const signal of signals) {
      const spans = signal.spans
        .map(([from, to]): [number, number] => [from + window.from, to + window.from])
        .filter(([from, to]) => isWithin(window, from, to, end))
      if (spans.length === 0) continue
      const key = `${signal.detector} ${signal.standing ?? ''} ${signal.id}`
      const known = merged.get(key)
      if (known) {
        known.score = Math.max(known.score, signal.score)
        addSpans(known.spans, spans)
      } else {
        merged.set(key, { ...signal, spans })
      }
    }
  }
  return [...merged.values()]
}

function isWithin(window: TextWindow, from: number, to: number, end: number): boolean {
  return (
    (window.from === 0 || from >= window.from + BORDER) && (window.to === end || to <= window.to - BORDER)
  )
}

/** What lies in the overlap is found twice. */
function addSpans(known: [number, number][], spans: readonly [number, number][]): void {
  for (const span of spans) {
    if (known.length === MAX_SPANS) return
    if (!known.some(([from, to]) => from === span[0] && to === span[1])) known.push(span)
  }
}
