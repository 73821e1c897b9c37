import type { Language } from '../detectors/features.js'
import type { ModelHeader } from '../detectors/text-model.js'
import { ORDINARY_RATE } from './calibrate.js'
import type { Category, SetFacts } from './datasets.js'
import type { Measures } from './measures.js'

export interface SetScore extends Measures {
  set: string
  language: Language
  category: Category
}

export type CrossScore = SetScore

export interface Scores {
  inSet: SetScore[]
  /** By models that never saw the set. */
  cross: CrossScore[]
  ordinary: { set: string; language: Language; category: Category; count: number; rate: number }[]
}

const percent = (share: number) => (100 * share).toFixed(1)

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`
  return line(head) + line(head.map(() => '---')) + rows.map(line).join('')
}

const measuresTable = (scores: readonly SetScore[]) =>
  table(
    ['category', 'language', 'set', 'texts', 'positive', 'precision', 'recall', 'F1', 'AUPRC'],
    [...scores]
      .sort((a, b) => a.category.localeCompare(b.category) || a.language.localeCompare(b.language))
      .map((s) => [
        s.category,
        s.language,
        s.set,
        String(s.count),
        String(s.positives),
        percent(s.precision),
        percent(s.recall),
        percent(s.f1),
        percent(s.auprc),
      ]),
  )

/** The scores as Markdown tables, in percent, at the threshold 0.5. */
export function scoreTables({ inSet, cross, ordinary }: Scores): string {
  const groups = [...new Set(ordinary.map((o) => `${o.set} ${o.language}`))]
  const categories = [...new Set(ordinary.map((o) => o.category))]
  const rates = groups.map((group) => {
    const mine = ordinary.filter((o) => `${o.set} ${o.language}` === group)
    const rate = (category: Category) => mine.find((o) => o.category === category)?.rate ?? 0
    return [group, String(mine[0]?.count ?? 0), ...categories.map((c) => (100 * rate(c)).toFixed(2))]
  })
  return [
    `### In-set: texts kept aside from sets that training saw\n\n${measuresTable(inSet)}`,
    cross.length > 0
      ? `### Cross-set: all texts of a set, by a model that never saw it\n\n${measuresTable(cross)}`
      : '',
    `### Ordinary messages that score 0.5 or more, percent\n\n${table(['set', 'texts', ...categories], rates)}`,
  ]
    .filter((part) => part !== '')
    .join('\n')
}

/** What the model is, what it saw, how well it does, and what it is not for. */
export function modelCard(header: ModelHeader, sets: readonly SetFacts[], scores: Scores): string {
  const learned = header.categories.map(
    (category) => `${category} (${Object.keys(header.calibration[category] ?? {}).join(', ') || 'nothing'})`,
  )
  return `# Model card: text-v1

Version \`${header.version}\`. Written by \`npm run train\`; do not edit.

One logistic regression per category over hashed n-grams of the normalised text (${2 ** header.bits} buckets, weights in 8 bits):
1 to 4 Han characters, 3 to 5 characters of other scripts, words and pairs of words. Numbers read as 0. Scores are
probabilities by Platt scaling per category and language (told by script alone: \`zh\` is Han, \`en\` any Latin), then moved so
that at most ${(100 * ORDINARY_RATE).toFixed(1)} % of the ordinary messages set aside for calibration reach 0.5. Where too little was there to learn from,
the score is 0: ${learned.join('; ')}.

## Intended use

One signal among several, for messages of public accounts. It may support a measure together with banks, links and
rules; alone it is a reason to look. What it says of \`misinformation\` and \`terrorism\` never leads to more than review.
It knows how texts of a category are worded, not whether they are true, meant, quoted or joked. Not for private messages, not
for judging persons, not for opinions.

## What it saw

${table(
  ['set', 'for', 'language', 'licence', 'permissive'],
  sets.map((s) => [s.name, s.categories, s.language, s.licence, s.permissive ? 'yes' : 'no']),
)}
No text of these sets is part of the model file or of this project. Texts were split by template (numbers and names apart), so that
near-copies do not stand on both sides; \`ced-weibo-rumour\` by time; \`edos\`, \`cold\` and \`constraint-covid\` by their own splits. Links, names of
users and the masks of \`fbs-sms-zh\` were taken out or filled alike.

Decisions on labels: ordinary advertising is not fraud; gambling, fake documents, phishing and spam that sells nothing named are.
What of the Telegram spam and the English spam is sexual was told by words, not by people. Of \`isis-tweets\`, labelled by
account, only tweets with words of praise count, and reporting by the same accounts counts as benign. Offensive language that is
not hate (\`davidson\`) counts as benign at a low weight. \`cold\` and \`swsr\` label offence and sexism, which is wider than hate.
\`sms-smishing\` is not used: for texts that \`sms-spam-uci\` has too, its labels agree no more often than by chance.

## Scores

In percent, at the threshold 0.5, on texts that training did not see. A category for which a language has one set of size only has no
cross-set score: nothing is known of its transfer.

${scoreTables(scores)}
## Limits

- Transfer between sets of one category is poor, as the cross-set table shows: expect its figures, not those above it, on new text.
- Hate is learned from labels of offence and sexism; counter-speech and quotation that use the same words are taken for it.
- Terrorism is learned from one set of English tweets of one time and one organisation: it knows that vocabulary, and nothing else.
- Misinformation is learned from rumours of 2009 to 2017 and of one year of a pandemic: style and topics of those.
- Violence is learned from English and German only; sexual content in English from a few dozen texts.
- A short harmful part of a long harmless text is diluted.
- A category that stands at 0 for a language above is not looked for there by this model.
`
}
