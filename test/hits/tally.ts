import type { Outcome } from '#libs/contracts/verdict'
import type { Judgement } from '#libs/policy/judge-message'
import type { RuleSignal } from '#libs/policy/rule-environment'

/** What led to an outcome: the category, the rule (or the threshold) and the strongest signal of it. */
export interface HitKind {
  readonly outcome: Exclude<Outcome, 'clear'>
  readonly category: string
  readonly rule: string
  readonly signal: string
}

export interface Tallied {
  readonly texts: number
  readonly acted: number
  readonly reviewed: number
  /** Most frequent first, with the first texts of each kind. */
  readonly kinds: readonly (HitKind & { count: number; examples: readonly string[] })[]
}

/** Counts the judgements on the texts of a set, by what led to them. */
export class Tally {
  private texts = 0
  private acted = 0
  private reviewed = 0
  private readonly kinds = new Map<string, HitKind & { count: number; examples: string[] }>()

  /** `mostExamples`: texts that are kept of each kind. */
  constructor(private readonly mostExamples: number) {}

  add(text: string, { outcome, categories }: Judgement<RuleSignal>): void {
    this.texts += 1
    if (outcome === 'act') this.acted += 1
    if (outcome === 'review') this.reviewed += 1
    for (const one of categories) {
      if (one.outcome === 'clear') continue
      const strongest = [...one.signals].sort((a, b) => b.score - a.score)[0]
      const kind: HitKind = {
        outcome: one.outcome,
        category: one.category,
        rule: one.rule ?? 'threshold',
        signal: strongest ? `${strongest.detector} ${strongest.id}` : 'none',
      }
      const key = JSON.stringify(kind)
      const known = this.kinds.get(key) ?? { ...kind, count: 0, examples: [] }
      known.count += 1
      if (known.examples.length < this.mostExamples) known.examples.push(text)
      this.kinds.set(key, known)
    }
  }

  get total(): Tallied {
    const kinds = [...this.kinds.values()].sort(
      (a, b) => a.outcome.localeCompare(b.outcome) || b.count - a.count,
    )
    return { texts: this.texts, acted: this.acted, reviewed: this.reviewed, kinds }
  }
}
