import type { AcceptedMessage } from '#libs/contracts/accepted-message'
import type { Verdict } from '#libs/contracts/verdict'
import type { CategoryJudgement } from '#libs/policy/judge-message'
import type { Policy } from '#libs/policy/policy-document'
import { thresholdOf } from '#libs/policy/rule-environment'
import { normalise } from '#libs/text/normalise'
import { classify, type ClassifyBy, judged } from './classify.rules.js'
import { guessLanguage } from './detectors/features.js'
import type { DetectorSignal } from './detectors/signal.js'
import type { Evidence } from './detectors/text-model.js'

/** Parts of the text that are shown for what the model says of a category. */
const MAX_EVIDENCE = 3

/** Why a category came to what it came to. */
export interface CategoryExplanation extends CategoryJudgement<DetectorSignal> {
  /** What the text model says of it, 0 to 1. */
  readonly modelScore: number
  /** From which score on people look, and from which on rules see it as sure; null for never. */
  readonly thresholds: { readonly review: number; readonly act: number | null } | null
  /** The parts of the text that speak most for it, to the model. */
  readonly evidence: readonly Evidence[]
}

/** A verdict, and all that led to it. */
export interface Explanation {
  readonly verdict: Verdict
  /** By which thresholds were chosen. */
  readonly language: string
  /** The gravest first. */
  readonly categories: readonly CategoryExplanation[]
}

const GRAVITY = { clear: 0, review: 1, act: 2 }

/** Explains how a message is judged. `policy` is what `by.judge` was compiled from. */
export function explain(message: AcceptedMessage, policy: Policy, by: ClassifyBy): Explanation {
  const normalised = normalise(message.text ?? '')
  const language = message.language ?? guessLanguage(normalised)
  const scores = by.model.score(normalised)
  const scoreOf = (category: string): number => scores[by.model.categories.indexOf(category)] ?? 0
  const categories = judged(message, by).judgement.categories.map((one): CategoryExplanation => ({
    ...one,
    modelScore: scoreOf(one.category),
    thresholds: thresholdOf(policy, one.category, language),
    evidence: one.outcome === 'clear' ? [] : by.model.explain(normalised, one.category, MAX_EVIDENCE),
  }))
  return {
    verdict: classify(message, by),
    language,
    categories: categories.sort((a, b) => GRAVITY[b.outcome] - GRAVITY[a.outcome] || b.score - a.score),
  }
}
