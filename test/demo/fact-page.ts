import { CATEGORIES } from '../../apps/classification/training/datasets.js'
import type { Figures } from './figures.js'
import { LANGUAGES } from './labelled-text.js'
import type { CategoryScore, PrecisionRecall } from './scores.js'
import type { Story } from './tell-story.js'

/** What the page shows. */
export interface DemoReport {
  readonly about: string
  readonly sources: Record<string, { readonly harmful: number; readonly harmless: number }>
  readonly ratePerSecond: number
  readonly figures: Figures
  readonly story: Story | null
  /** What did not hold; empty when all did. */
  readonly problems: readonly string[]
}

const LINE = 110

/** The page of facts as text. */
export function factPage(report: DemoReport): string {
  const { figures, problems, story } = report
  const { messages, verdicts, latencyMs, throughput } = figures
  return [
    heading('What went in'),
    fact(
      'records sent',
      `${messages.sent} by ${messages.accounts} accounts on ${messages.platforms} platforms`,
    ),
    fact(
      'accepted',
      `${messages.accepted} (${LANGUAGES.map((one) => `${one} ${messages.acceptedByLanguage[one]}`).join(', ')}), ${messages.acceptedHarmful} of them labelled harmful`,
    ),
    fact('refused as private', messages.private),
    fact('repeats dropped', messages.repeats),
    fact('dead-lettered', `${sum(messages.deadLettered)} (${listed(messages.deadLettered)})`),
    '',
    ...wrapped(`Texts: ${report.about}`),
    ...wrapped(
      `From (harmful, harmless): ${Object.entries(report.sources)
        .map(([source, { harmful, harmless }]) => `${source} (${harmful}, ${harmless})`)
        .join(', ')}.`,
    ),
    '',
    heading('What was found'),
    fact('verdicts', `clear ${verdicts.clear}, review ${verdicts.review}, act ${verdicts.act}`),
    fact(
      'harmless texts',
      `${verdicts.harmless.count}, of which ${verdicts.harmless.acted} acted on and ${verdicts.harmless.reviewed} put up for review (${percent((verdicts.harmless.acted + verdicts.harmless.reviewed) / verdicts.harmless.count, 2)})`,
    ),
    '',
    '  Precision and recall against the labels, over the texts of which it is known whether the category applies:',
    '',
    row(
      'category',
      '',
      'known',
      'harmful',
      'act',
      'precision',
      'recall',
      'act+review',
      'precision',
      'recall',
    ),
    ...CATEGORIES.flatMap((category) => {
      const { byLanguage, ...all } = verdicts.categories[category]
      return [
        scoreRow(category, 'all', all),
        ...LANGUAGES.map((language) => scoreRow('', language, byLanguage[language])),
      ]
    }),
    '',
    ...wrapped(
      'To act, the default policy wants evidence beside a score: a phrase of the bank, a link, a way of contact, a known ' +
        'false claim. What only the model sees is for people to review; models/MODEL_CARD.md says what it reaches, and its limits.',
    ),
    '',
    heading('What was done'),
    fact('cases', `${figures.cases.opened} opened, with ${figures.cases.entries} entries`),
    fact('strikes', `${figures.strikes.count}, together ${figures.strikes.points} points`),
    fact('accounts flagged', `${sum(figures.accounts)} (${listed(figures.accounts)})`),
    fact('decisions', `${figures.decisions.made} made, ${figures.decisions.held} held for a second person`),
    fact('statements of reasons', figures.statements),
    fact(
      'directives',
      `${figures.directives.issued} issued, ${figures.directives.acknowledged} acknowledged, ${figures.directives.done} done`,
    ),
    fact('', listed(figures.directives.byKind)),
    fact(
      'notices',
      `${figures.notices.count}: ${figures.notices.byMail} mails and ${figures.notices.byWebhook} webhooks delivered, ${figures.notices.failed} not`,
    ),
    '',
    heading('How fast'),
    fact(
      'sentAt to directive',
      `p50 ${ms(latencyMs.p50)}, p95 ${ms(latencyMs.p95)}, p99 ${ms(latencyMs.p99)}, longest ${ms(latencyMs.max)} (${latencyMs.count} removals)`,
    ),
    fact(
      'sent',
      `${throughput.sentPerSecond.toFixed(0)} records/s, a steady ${report.ratePerSecond} asked for`,
    ),
    fact(
      'throughput',
      `${throughput.throughPerSecond.toFixed(0)} records/s from the first record to the last receipt and notice (${throughput.seconds.toFixed(1)} s)`,
    ),
    '',
    ...(story ? storyLines(story) : []),
    heading('Whether it adds up'),
    ...(problems.length === 0
      ? [
          '  Every record ended in exactly one outcome, every finding in one case; every directive was acknowledged and done;',
          '  every notice was delivered to each addressee, every webhook with a good signature.',
        ]
      : problems.map((problem) => `  NOT: ${problem}`)),
    '',
  ].join('\n')
}

function storyLines(story: Story): string[] {
  const { statement, mail, webhook } = story
  return [
    heading('One account’s story'),
    `  ${story.displayName} (${story.platformId}/${story.accountId}), ${story.followers ?? 'unknown'} followers. ${story.harmless} of its messages were clear. It is ${story.status}: level ${story.level}, ${story.points} points.`,
    '',
    ...story.messages.flatMap((message) => [
      `  Message ${message.messageId}, sent ${message.sentAt}; evidence in ⟦⟧:`,
      ...wrapped(message.excerpt, '    │ '),
      `    verdict   act, ${message.category}, score ${message.score.toFixed(2)}`,
      ...message.evidence.map(
        ({ detector, id, score, words }) =>
          `    evidence  ${detector} ${id} ${score.toFixed(2)}${words.length > 0 ? `: ${words.slice(0, 4).map(short).join(' · ')}` : ''}`,
      ),
      message.strike
        ? `    strike    ${message.strike.clause}, severity ${message.strike.severity}, ${message.strike.points} points until ${day(message.strike.expiresAt)}`
        : '    strike    none',
    ]),
    '',
    '  Measures, as the platform was told:',
    ...story.measures.map(
      (measure) =>
        `    ${measure.kind} ${measure.messageIds.slice(0, 3).join(', ')}${measure.until ? ` until ${day(measure.until)}` : ''}: issued ${time(measure.issuedAt)}, acknowledged ${time(measure.acknowledgedAt)}, done ${time(measure.doneAt)}, owner told ${time(measure.ownerNotifiedAt)}`,
    ),
    '',
    `  Statement of reasons ${statement.statementOfReasonsId} for the last of them, found automatically: ${statement.automatedDetection ? 'yes' : 'no'}, decided automatically: ${statement.automatedDecision}`,
    `    ground  ${statement.ground.clause}: ${statement.ground.title?.en ?? ''} / ${statement.ground.title?.zh ?? ''}`,
    ...wrapped(`en  ${statement.reasons.en}`, '    '),
    ...wrapped(`zh  ${statement.reasons.zh}`, '    '),
    `    objection until ${day(statement.redress.appealUntil)}, by the link that only the platform was told`,
    '',
    ...(mail
      ? [
          `  Notice by mail to ${mail.to}: ${mail.subject}`,
          ...mail.text
            .trim()
            .split('\n')
            .filter((line) => line.trim() !== '')
            .slice(0, 14)
            .map((line) => `    │ ${line}`),
        ]
      : []),
    ...(webhook ? [`  Notice by webhook: ${webhook.type}, ${webhook.deliveryId}, signature verified`] : []),
    '',
  ]
}

function scoreRow(category: string, language: string, score: CategoryScore): string {
  const of = ({ flagged, precision, recall }: PrecisionRecall): string[] => [
    String(flagged),
    percent(precision),
    percent(recall),
  ]
  return row(
    category,
    language,
    String(score.known),
    String(score.positive),
    ...of(score.act),
    ...of(score.actOrReview),
  )
}

function row(...cells: string[]): string {
  const widths = [15, 4, 7, 8, 6, 10, 8, 12, 10, 8]
  return `  ${cells.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('')}`
}

function heading(text: string): string {
  return `── ${text} ${'─'.repeat(LINE - text.length - 4)}`
}

function fact(name: string, value: string | number): string {
  return `  ${name.padEnd(22)} ${value}`
}

function wrapped(text: string, indent = '  '): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/(?<= )|(?<=[，。；：、！])/)) {
    if (width(line) + width(word) > LINE && line !== '') {
      lines.push(indent + line.trimEnd())
      line = ''
    }
    line += word
  }
  return [...lines, indent + line.trimEnd()]
}

/** Columns that a text takes: wide characters take two. */
function width(text: string): number {
  return text.length + (text.match(/[\u2e80-\uffef]/g)?.length ?? 0)
}

function listed(counts: Record<string, number>): string {
  return Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')
}

const sum = (counts: Record<string, number>): number =>
  Object.values(counts).reduce((all, one) => all + one, 0)
const short = (words: string): string =>
  [...words].length > 40 ? `${[...words].slice(0, 39).join('')}…` : words
const ms = (value: number | null): string => (value === null ? '—' : `${Math.round(value)} ms`)
const day = (instant: string): string => instant.slice(0, 10)
const time = (instant: string | null): string => instant?.slice(11, 23) ?? '—'
function percent(share: number | null, digits = 1): string {
  return share === null || Number.isNaN(share) ? '—' : `${(100 * share).toFixed(digits)} %`
}
