import type { Message } from '#libs/contracts/message'
import { type CategoryVerdict, type Signal, type Verdict, verdictIdOf } from '#libs/contracts/verdict'
import type { CategoryJudgement, Judgement } from '#libs/policy/judge-message'
import { findContacts } from './detectors/contacts.js'
import { findContext } from './detectors/context-cues.js'
import { guessLanguage } from './detectors/features.js'
import { type NormalisedText, normalise } from './detectors/normalise.js'
import type { DetectorSignal } from './detectors/signal.js'
import type { TextModel } from './detectors/text-model.js'
import type { Judge } from './judge.js'

/** Below this a model's score is noise and no signal. */
const SIGNAL_FROM = 0.5

/** What a message is judged with. `mode` as in SPEC 4.2; `now` becomes `classifiedAt`. */
export interface ClassifyBy {
  readonly judge: Judge
  readonly model: TextModel
  readonly mode: string
  readonly now: Date
}

/**
 * The verdict on one revision of a message: what the detectors found, judged by the policy. Nothing but the arguments
 * goes in, so that the same message under the same judge and model gives the same verdict but for `classifiedAt`.
 */
export function classify(message: Message, by: ClassifyBy): Verdict {
  return verdictOf(message, judged(message, by), by)
}

/** The same, or null where it is clear and nobody asked for it: most messages, whose verdict nobody reads. */
export function classifyUnlessClear(message: Message, by: ClassifyBy): Verdict | null {
  const judgement = judged(message, by)
  const wanted = judgement.outcome !== 'clear' || message.requested !== undefined
  return wanted ? verdictOf(message, judgement, by) : null
}

/** What the policy says of a message, with the rules that said it. */
export function judged(
  message: Message,
  { judge, model }: Pick<ClassifyBy, 'judge' | 'model'>,
): Judgement<DetectorSignal> {
  const text = normalise(message.text ?? '')
  const guessed = guessLanguage(text)
  const probabilities = model.score(text, guessed)
  const scores: Record<string, number> = {}
  for (const [i, category] of model.categories.entries()) scores[category] = round(probabilities[i]!)
  const signals: DetectorSignal[] = [
    ...judge.lexicon.match(text),
    ...judge.links.match(message.text ?? '', message.links),
    ...claimSignals(judge, text, message.receivedAt),
    ...findContacts(text),
    ...findContext(text),
    ...modelSignals(scores),
  ]
  const language = message.language ?? guessed
  return judge.judge({ message: { ...message, language }, account: message.account, scores, signals })
}

function verdictOf(
  message: Message,
  judgement: Judgement<DetectorSignal>,
  { judge, model, mode, now }: ClassifyBy,
): Verdict {
  return {
    verdictId: verdictIdOf(message, mode),
    platformId: message.platformId,
    accountId: message.accountId,
    messageId: message.messageId,
    revision: message.revision,
    outcome: judgement.outcome,
    categories: judgement.categories.map(toCategory),
    policyVersion: judge.policyVersion,
    bankVersions: { ...judge.bankVersions },
    modelVersions: { text: model.version },
    overlays: [],
    inputs: {},
    mode,
    message,
    receivedAt: message.receivedAt,
    classifiedAt: now.toISOString(),
  }
}

/** A false claim that two people approved is known; any other is only a hint for the reviewer. */
function claimSignals({ claims }: Judge, text: NormalisedText, receivedAt: string): Signal[] {
  return claims.match(text, receivedAt.slice(0, 10)).map((signal) => ({
    ...signal,
    id: signal.id.replace(/^claim\//, 'misinformation/known-claim/'),
    detector: claims.entryOf(signal.id)?.act ? 'known-claim' : 'unapproved-claim',
  }))
}

function modelSignals(scores: Readonly<Record<string, number>>): Signal[] {
  const signals: Signal[] = []
  for (const id in scores) {
    const score = scores[id]!
    if (score >= SIGNAL_FROM) signals.push({ detector: 'text-model', id, score, spans: [] })
  }
  return signals
}

function toCategory(judgement: CategoryJudgement<DetectorSignal>): CategoryVerdict {
  const { category, clause, severity, score, outcome, signals } = judgement
  return {
    category,
    score: round(score),
    outcome,
    signals: signals.map(({ detector, id, score: of, spans }) => ({ detector, id, score: of, spans })),
    ...(clause === null ? {} : { clause }),
    ...(severity === null ? {} : { severity }),
  }
}

/** Four digits say all that a score can; more would only make records longer. */
function round(score: number): number {
  return Math.round(score * 10_000) / 10_000
}
