import type { Message } from '#libs/contracts/message'
import { type CategoryVerdict, type Signal, type Verdict, verdictIdOf } from '#libs/contracts/verdict'
import { findContacts } from './detectors/contacts.js'
import { findContext } from './detectors/context-cues.js'
import { guessLanguage } from './detectors/features.js'
import { type NormalisedText, normalise } from './detectors/normalise.js'
import type { TextModel } from './detectors/text-model.js'
import type { Judge } from './judge.js'

/** Below this a model's score is noise and no signal. */
const SIGNAL_FROM = 0.5

/**
 * The verdict on one revision of a message: what the detectors found, judged by the policy. Nothing but the arguments
 * goes in, so that the same message under the same judge and model gives the same verdict but for `classifiedAt`.
 */
export function classify(
  message: Message,
  by: { judge: Judge; model: TextModel; mode: string; now: Date },
): Verdict {
  const { judge, model, mode, now } = by
  const text = normalise(message.text ?? '')
  const guessed = guessLanguage(text)
  const probabilities = model.score(text, guessed)
  const scores = Object.fromEntries(
    model.categories.map((category, i) => [category, round(probabilities[i]!)]),
  )
  const signals: Signal[] = [
    ...judge.lexicon.match(text),
    ...judge.links.match(message.text ?? '', message.links),
    ...claimSignals(judge, text, message.receivedAt),
    ...findContacts(text),
    ...findContext(text),
    ...modelSignals(scores),
  ]
  const language = message.language ?? guessed
  const judged = judge.judge({ message: { ...message, language }, account: message.account, scores, signals })
  return {
    verdictId: verdictIdOf(message, mode),
    platformId: message.platformId,
    accountId: message.accountId,
    messageId: message.messageId,
    revision: message.revision,
    outcome: judged.outcome,
    categories: judged.categories.map(toCategory),
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
  return Object.entries(scores)
    .filter(([, score]) => score >= SIGNAL_FROM)
    .map(([id, score]) => ({ detector: 'text-model', id, score, spans: [] }))
}

function toCategory(judged: ReturnType<Judge['judge']>['categories'][number]): CategoryVerdict {
  const { category, clause, severity, score, outcome, signals } = judged
  return {
    category,
    score: round(score),
    outcome,
    signals: signals as Signal[],
    ...(clause === null ? {} : { clause }),
    ...(severity === null ? {} : { severity }),
  }
}

/** Four digits say all that a score can; more would only make records longer. */
function round(score: number): number {
  return Math.round(score * 10_000) / 10_000
}
