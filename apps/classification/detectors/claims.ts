import { Automaton } from './automaton.js'
import type { ClaimEntry } from '#libs/policy/banks/bank-entries'
import { type NormalisedText, normalise, originalSpan } from '#libs/text/normalise'
import { MAX_SPANS, type Signal } from './signal.js'
import { beginsBefore, goesOnAt, isWordUnit } from './word-edges.js'

/** Normalised units that may stand between two parts of a variant. */
const FARTHEST = 48
const SCORE = 0.95

/** Finds claims of the bank of known false claims, in the ways of putting them that the bank knows. */
export class Claims {
  readonly #automaton: Automaton
  readonly #parts: { variants: { variant: number; place: number }[]; edges: [boolean, boolean] }[] = []
  readonly #variants: { entry: ClaimEntry; length: number }[] = []
  readonly #entries = new Map<string, ClaimEntry>()

  constructor(entries: readonly ClaimEntry[]) {
    const patterns: Uint16Array[] = []
    const known = new Map<string, number>()
    for (const entry of entries) {
      // Of two of one id, what is approved is only what both are.
      const same = this.#entries.get(entry.id)
      this.#entries.set(entry.id, same ? { ...entry, act: entry.act && same.act } : entry)
      for (const text of entry.variants) {
        const parts = text.split('…').map(normalise)
        const variant = this.#variants.push({ entry, length: parts.length }) - 1
        parts.forEach((part, place) => {
          let pattern = known.get(part.text)
          if (pattern === undefined) {
            const { codes } = part
            pattern = patterns.push(Uint16Array.from(codes)) - 1
            known.set(part.text, pattern)
            this.#parts.push({ variants: [], edges: [isWordUnit(codes[0]), isWordUnit(codes.at(-1))] })
          }
          this.#parts[pattern]?.variants.push({ variant, place })
        })
      }
    }
    this.#automaton = Automaton.of(patterns)
  }

  /** The entry that a signal `claim/<id>` stands for. */
  entryOf(signalId: string): ClaimEntry | undefined {
    return this.#entries.get(signalId.replace(/^claim\//, ''))
  }

  /** One signal per claim that is put forward and has not expired on `today` (RFC 3339 date); ordered by id. */
  match(normalised: NormalisedText, today: string): Signal[] {
    const { codes } = normalised
    /** Per variant: where each of its parts, so far in order, ended last, and where that chain began. */
    let chains: Map<number, { start: number; end: number }[]> | undefined
    const found = new Map<string, Signal>()
    this.#automaton.scan(codes, (pattern, start, end) => {
      const part = this.#parts[pattern]
      if (!part || (part.edges[0] && beginsBefore(codes, start)) || (part.edges[1] && goesOnAt(codes, end)))
        return
      chains ??= new Map()
      for (const { variant, place } of part.variants) {
        const chain = chains.get(variant) ?? []
        chains.set(variant, chain)
        const before = place === 0 ? { start, end: start } : chain[place - 1]
        if (!before || before.end > start || start - before.end > FARTHEST) continue
        if (place > 0 && denies(codes, before.end, start)) continue
        chain[place] = { start: before.start, end }
        const whole = this.#variants[variant]
        if (!whole || place + 1 < whole.length || whole.entry.expires < today) continue
        const id = `claim/${whole.entry.id}`
        const signal = found.get(id) ?? { detector: 'claims', id, score: SCORE, spans: [] }
        const span = originalSpan(normalised, before.start, end)
        const last = signal.spans.at(-1)
        if ((!last || last[1] <= span[0]) && signal.spans.length < MAX_SPANS) signal.spans.push(span)
        found.set(id, signal)
      }
    })
    return [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
  }
}

const DENIAL =
  /不(?!仅|但|止|只|光|单|断|停)|(?<![有被])没|未(?=必|能|曾)|并非|\b(?:not(?! only)|never|cannot|no|neither)\b|n't\b/u

/** Whether what stands between two parts turns a claim into its contrary. */
function denies(codes: Uint16Array, start: number, end: number): boolean {
  return end > start && DENIAL.test(String.fromCharCode(...codes.subarray(start, end)))
}
