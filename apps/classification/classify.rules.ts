import type { AcceptedMessage } from '#libs/contracts/accepted-message'
import { MAX_LINKS } from '#libs/contracts/message-in'
import { isTooLong } from '#libs/contracts/repair-message.rules'
import { type CategoryVerdict, type Signal, type Verdict, verdictIdOf } from '#libs/contracts/verdict'
import type { CategoryJudgement, Judgement } from '#libs/policy/judge-message'
import { inOneGo } from '#libs/runtime/turns'
import { comparedDigest } from './compared-digest.rules.js'
import { findContacts } from './detectors/contacts.js'
import { findContext } from './detectors/context-cues.js'
import { guessLanguage, type Language } from './detectors/features.js'
import { type NormalisedText, normalise } from '#libs/text/normalise'
import type { DetectorSignal } from './detectors/signal.js'
import type { TextModel } from './detectors/text-model.js'
import type { Judge } from './judge.js'
import { keepLinks, keepText } from './keep-message.rules.js'
import { mergeSignals, type TextWindow, windowsOf } from './text-windows.rules.js'

/** Below this a model's score is noise and no signal. */
const SIGNAL_FROM = 0.5
/** The contract keeps at most this many signals of a category. */
const MAX_SIGNALS = 100

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
export function classify(message: AcceptedMessage, by: ClassifyBy): Verdict {
  return inOneGo(classifying(message, by))
}

/** The same in pieces, between which others may have their turn: a long text takes a second. */
export function* classifying(message: AcceptedMessage, by: ClassifyBy): Generator<undefined, Verdict> {
  return verdictOf(message, yield* judging(message, by), by)
}

/** The same, or null where it is clear and nobody asked for it: most messages, whose verdict nobody reads. */
export function* classifyingUnlessClear(
  message: AcceptedMessage,
  by: ClassifyBy,
): Generator<undefined, Verdict | null> {
  const result = yield* judging(message, by)
  const wanted = result.judgement.outcome !== 'clear' || message.requested !== undefined
  return wanted ? verdictOf(message, result, by) : null
}

/** What was found in a text. */
interface Findings {
  readonly language: Language
  readonly scores: Record<string, number>
  readonly signals: DetectorSignal[]
}

interface Judged {
  readonly judgement: Judgement<DetectorSignal>
  /** By category, where in a long text the model was surest; empty for one that is looked at in one piece. */
  readonly surest: ReadonlyMap<string, TextWindow>
}

const IN_ONE_PIECE: ReadonlyMap<string, TextWindow> = new Map()

/** What the policy says of a message, with the rules that said it. */
export function judged(message: AcceptedMessage, by: Pick<ClassifyBy, 'judge' | 'model'>): Judged {
  return inOneGo(judging(message, by))
}

function* judging(
  message: AcceptedMessage,
  by: Pick<ClassifyBy, 'judge' | 'model'>,
): Generator<undefined, Judged> {
  const { text = '', links, account } = message
  const inWindows = isTooLong(text) ? yield* findInWindows(text, message, by) : undefined
  const { language, scores, signals } = inWindows ?? findIn(text, links, message, by)
  signals.push(...modelSignals(scores), ...by.judge.media.match(message.media, dayOf(message.receivedAt)))
  const judgement = by.judge.judge({
    // A rule that goes through the links is made for as many as a message may have.
    message: { ...message, links: kept(links, by.judge), language: message.language ?? language },
    account,
    scores,
    signals,
  })
  return { judgement, surest: inWindows?.surest ?? IN_ONE_PIECE }
}

function kept(links: string[] | undefined, judge: Judge): string[] | undefined {
  return links && links.length > MAX_LINKS ? keepLinks(links, judge) : links
}

function findIn(
  text: string,
  links: readonly string[] | undefined,
  { receivedAt }: AcceptedMessage,
  { judge, model }: Pick<ClassifyBy, 'judge' | 'model'>,
): Findings {
  const today = dayOf(receivedAt)
  const normalised = normalise(text)
  const language = guessLanguage(normalised)
  const probabilities = model.score(normalised, language)
  const scores: Record<string, number> = {}
  for (const [i, category] of model.categories.entries()) scores[category] = round(probabilities[i]!)
  const signals: DetectorSignal[] = [
    ...judge.lexicon.match(normalised, today),
    ...judge.links.match(text, links, today),
    ...claimSignals(judge, normalised, today),
    ...findContacts(normalised),
    ...findContext(normalised),
  ]
  return { language, scores, signals }
}

/** What was found in any window counts for the whole, so that nothing is hidden by what stands around it. */
function* findInWindows(
  text: string,
  message: AcceptedMessage,
  by: Pick<ClassifyBy, 'judge' | 'model'>,
): Generator<undefined, Findings & { readonly surest: ReadonlyMap<string, TextWindow> }> {
  const scores: Record<string, number> = {}
  const surest = new Map<string, TextWindow>()
  const found: { window: TextWindow; part: Findings }[] = []
  for (const window of windowsOf(text)) {
    const part = findIn(text.slice(window.from, window.to), [], message, by)
    for (const category in part.scores) {
      const score = part.scores[category]!
      if (score <= (scores[category] ?? -1)) continue
      scores[category] = score
      surest.set(category, window)
    }
    found.push({ window, part })
    yield
  }
  const signals = mergeSignals(found.map(({ window, part }) => ({ window, signals: part.signals })))
  return {
    language: found[0]!.part.language,
    scores,
    signals: [...signals, ...by.judge.links.match('', message.links, dayOf(message.receivedAt))],
    surest,
  }
}

function verdictOf(
  accepted: AcceptedMessage,
  { judgement, surest }: Judged,
  { judge, model, mode, now }: ClassifyBy,
): Verdict {
  const { repairs, ...message } = accepted
  const { text, categories } = keepText(message.text, judgement.categories, surest)
  if (text !== undefined) message.text = text
  if (message.links) message.links = kept(message.links, judge)!
  const signals = judgement.categories.flatMap((category) => category.signals)
  const digest = judgement.outcome === 'clear' ? undefined : comparedDigest(accepted, signals)
  return {
    verdictId: verdictIdOf(message, mode),
    platformId: message.platformId,
    accountId: message.accountId,
    messageId: message.messageId,
    revision: message.revision,
    outcome: judgement.outcome,
    categories: categories.map(toCategory),
    policyVersion: judge.policyVersion,
    bankVersions: { ...judge.bankVersions },
    modelVersions: { text: model.version },
    overlays: [],
    inputs: repairs ? { repairs } : {},
    mode,
    ...(digest === undefined ? {} : { comparedDigest: digest }),
    message,
    receivedAt: message.receivedAt,
    classifiedAt: now.toISOString(),
  }
}

/** The day of an instant, as entries of banks expire on one (RFC 3339, full-date). */
function dayOf(instant: string): string {
  return instant.slice(0, 10)
}

/** A false claim that two people approved is known; any other is only a hint for the reviewer. */
function claimSignals({ claims }: Judge, text: NormalisedText, today: string): Signal[] {
  return claims.match(text, today).map((signal) => ({
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
    signals: strongest(signals).map(({ detector, id, score: of, spans }) => ({
      detector,
      id,
      score: of,
      spans,
    })),
    ...(clause === null ? {} : { clause }),
    ...(severity === null ? {} : { severity }),
  }
}

function strongest<S extends Signal>(signals: readonly S[]): readonly S[] {
  if (signals.length <= MAX_SIGNALS) return signals
  return [...signals].sort((a, b) => b.score - a.score).slice(0, MAX_SIGNALS)
}

/** Four digits say all that a score can; more would only make records longer. */
function round(score: number): number {
  return Math.round(score * 10_000) / 10_000
}
