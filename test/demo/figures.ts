import { CATEGORIES, type Category } from '../../apps/classification/training/datasets.js'
import type { WeirEventKind } from '#libs/contracts/weir-event'
import type { Findings } from './findings.js'
import { isHarmful, type Language, LANGUAGES } from './labelled-text.js'
import { percentile } from './percentile.js'
import { type CategoryScore, type JudgedText, scoreCategory } from './scores.js'

export interface Percentiles {
  readonly count: number
  readonly p50: number | null
  readonly p95: number | null
  readonly p99: number | null
  readonly max: number | null
}

/** The page of facts, for machines. Counts, shares from 0 to 1, and milliseconds. */
export interface Figures {
  readonly messages: {
    readonly sent: number
    readonly accounts: number
    readonly platforms: number
    readonly accepted: number
    readonly acceptedByLanguage: Record<Language, number>
    readonly acceptedHarmful: number
    readonly private: number
    readonly repeats: number
    readonly deadLettered: Record<string, number>
  }
  readonly verdicts: {
    readonly clear: number
    readonly review: number
    readonly act: number
    readonly categories: Record<Category, CategoryScore & { byLanguage: Record<Language, CategoryScore> }>
    /** Harmless texts that were acted on or put up for review, of all harmless ones. */
    readonly harmless: { readonly count: number; readonly acted: number; readonly reviewed: number }
  }
  readonly cases: { readonly opened: number; readonly entries: number }
  readonly strikes: { readonly count: number; readonly points: number }
  readonly accounts: Record<string, number>
  readonly decisions: { readonly made: number; readonly held: number }
  readonly statements: number
  readonly directives: {
    readonly issued: number
    readonly acknowledged: number
    readonly done: number
    readonly byKind: Record<string, number>
  }
  readonly notices: {
    readonly count: number
    readonly byMail: number
    readonly byWebhook: number
    readonly failed: number
  }
  /** From a message's `sentAt` to the order to remove it at its platform. */
  readonly latencyMs: Percentiles
  /** Records per second: as they were sent, and over all until the last effect was done. */
  readonly throughput: {
    readonly sentPerSecond: number
    readonly throughPerSecond: number
    readonly seconds: number
  }
}

export interface Timing {
  /** Milliseconds from the first record to the last, and to the last effect. */
  readonly sendingMs: number
  readonly totalMs: number
}

/** Counts what was found. Pure. */
export function figuresOf(findings: Findings, timing: Timing): Figures {
  const { plan, directives, deliveries, events } = findings
  const judged = judgedTexts(findings)
  const count = (kind: WeirEventKind): number =>
    new Set(events.filter((event) => event.kind === kind).map(({ eventId }) => eventId)).size
  const strikes = distinctBy(
    events.filter(({ kind }) => kind === 'strike.added'),
    ({ strikeId }) => strikeId,
  )
  const withReceipt = (status: string): number =>
    directives.filter(({ receipts }) => receipts.some((receipt) => receipt.status === status)).length
  const delivered = (channel: string): number =>
    deliveries.filter((one) => one.channel === channel && one.state === 'delivered').length
  const harmless = judged.filter((text) => !isHarmful(text))
  const worst = (text: JudgedText, outcome: string): boolean =>
    Object.values(text.outcomes).includes(outcome as never)
  const acted = judged.filter((text) => worst(text, 'act'))
  const reviewed = judged.filter((text) => !worst(text, 'act') && worst(text, 'review'))
  return {
    messages: {
      sent: plan.length,
      accounts: new Set(plan.map(({ platformId, key }) => `${platformId}/${key}`)).size,
      platforms: new Set(plan.map(({ platformId }) => platformId)).size,
      accepted: distinctBy(findings.accepted, ({ platformId, messageId, revision }) =>
        [platformId, messageId, revision].join('/'),
      ).length,
      acceptedByLanguage: byLanguage(
        (language) => judged.filter((text) => text.language === language).length,
      ),
      acceptedHarmful: judged.filter(isHarmful).length,
      private: findings.counted.private,
      repeats: findings.counted.repeat,
      deadLettered: tally(findings.deadLetters.map(({ reason }) => reason)),
    },
    verdicts: {
      clear: judged.length - acted.length - reviewed.length,
      review: reviewed.length,
      act: acted.length,
      categories: Object.fromEntries(
        CATEGORIES.map((category) => [
          category,
          {
            ...scoreCategory(judged, category),
            byLanguage: byLanguage((language) =>
              scoreCategory(
                judged.filter((text) => text.language === language),
                category,
              ),
            ),
          },
        ]),
      ) as Figures['verdicts']['categories'],
      harmless: {
        count: harmless.length,
        acted: harmless.filter((text) => acted.includes(text)).length,
        reviewed: harmless.filter((text) => reviewed.includes(text)).length,
      },
    },
    cases: { opened: count('case.opened'), entries: count('case.entry_added') },
    strikes: { count: strikes.length, points: strikes.reduce((sum, { points }) => sum + (points ?? 0), 0) },
    accounts: tally(findings.accounts.map(({ status }) => status)),
    decisions: { made: count('decision.made'), held: count('decision.held') },
    statements: count('statement.issued'),
    directives: {
      issued: directives.length,
      acknowledged: withReceipt('acknowledged'),
      done: withReceipt('done'),
      byKind: tally(directives.map(({ kind }) => kind)),
    },
    notices: {
      count: distinctBy(findings.notices, ({ noticeId }) => noticeId).length,
      byMail: delivered('email'),
      byWebhook: delivered('webhook'),
      failed: deliveries.filter(({ state }) => state !== 'delivered').length,
    },
    latencyMs: percentilesOf(removalLatencies(findings)),
    throughput: {
      sentPerSecond: plan.length / (timing.sendingMs / 1_000),
      throughPerSecond: plan.length / (timing.totalMs / 1_000),
      seconds: timing.totalMs / 1_000,
    },
  }
}

/** Every accepted text with its verdict. A text without one on the topic was clear. */
function judgedTexts({ plan, verdicts }: Findings): (JudgedText & { language: Language })[] {
  const keyOf = (platformId: string, messageId: string, text: string | undefined): string =>
    `${platformId}/${messageId}: ${text}`
  const byMessage = new Map(
    verdicts.map((verdict) => [keyOf(verdict.platformId, verdict.messageId, verdict.message.text), verdict]),
  )
  return plan.flatMap((record) => {
    if (record.ending !== 'accepted') return []
    const { platformId, message, labelled } = record
    const verdict = byMessage.get(keyOf(platformId, message.messageId, message.text))
    const outcomes = verdict?.categories.map(({ category, outcome }) => [category, outcome]) ?? []
    return [
      {
        labels: labelled.labels,
        language: labelled.language,
        outcomes: Object.fromEntries(outcomes) as JudgedText['outcomes'],
      },
    ]
  })
}

/** From the `sentAt` of the revision that was first acted on to the arrival of the order to remove it. */
function removalLatencies({ verdicts, received }: Findings): number[] {
  const sentAt = new Map<string, number>()
  for (const { outcome, platformId, messageId, message } of verdicts) {
    if (outcome !== 'act') continue
    const key = `${platformId}/${messageId}`
    sentAt.set(key, Math.min(sentAt.get(key) ?? Infinity, Date.parse(message.sentAt)))
  }
  return received.flatMap(({ platformId, directive, at }) => {
    if (directive.kind !== 'remove_message') return []
    return directive.messageIds.flatMap((id) => at - (sentAt.get(`${platformId}/${id}`) ?? NaN))
  })
}

function percentilesOf(values: readonly number[]): Percentiles {
  return {
    count: values.length,
    p50: percentile(values, 50),
    p95: percentile(values, 95),
    p99: percentile(values, 99),
    max: percentile(values, 100),
  }
}

function byLanguage<T>(of: (language: Language) => T): Record<Language, T> {
  return Object.fromEntries(LANGUAGES.map((language) => [language, of(language)])) as Record<Language, T>
}

function distinctBy<T>(items: readonly T[], keyOf: (item: T) => unknown): T[] {
  return [...new Map(items.map((item) => [keyOf(item), item])).values()]
}

function tally(names: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    [...Map.groupBy(names, (name) => name)].map(([name, some]) => [name, some.length]),
  )
}
