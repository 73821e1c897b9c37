import type { Verdict } from '#libs/contracts/verdict'
import type { CategoryExplanation, Explanation } from '../../classification/explain.rules.js'

/** How a part of a text is set off. */
export interface Mark {
  readonly from: string
  readonly to: string
}
export const BRACKETS: Mark = { from: '[[', to: ']]' }
/** Bold on yellow (ECMA-48, SGR). */
export const COLOURS: Mark = { from: '\u001b[1;30;43m', to: '\u001b[0m' }

/** All that led to a verdict, for people. */
export function explanationLines({ verdict, language, categories }: Explanation, mark: Mark): string[] {
  const { message, outcome, policyVersion, bankVersions, modelVersions } = verdict
  const versions = Object.entries({ policy: policyVersion, ...bankVersions, ...modelVersions })
  const found = categories.filter((one) => one.outcome !== 'clear' || one.signals.length > 0)
  const rest = categories.filter((one) => !found.includes(one))
  return [
    `${message.messageId}: ${outcome} (language ${language}; ${versions.map((one) => one.join(' ')).join(', ')})`,
    ...found.flatMap((one) => ['', ...categoryLines(one, message.text ?? '', mark)]),
    ...(rest.length === 0 ? [] : ['', `clear: ${rest.map(scoreOf).join(', ')}`]),
  ]
}

function categoryLines(one: CategoryExplanation, text: string, mark: Mark): string[] {
  const { category, outcome, clause, severity, rule, exceptions, thresholds, signals, evidence } = one
  const from = thresholds
    ? ` (review from ${thresholds.review}, act from ${thresholds.act ?? 'never'})`
    : ' (no threshold)'
  return [
    `${category}: ${outcome}${clause === null ? '' : `, clause ${clause}`}${severity === null ? '' : `, severity ${severity}`}`,
    `  score ${rounded(one.score)}; model ${rounded(one.modelScore)}${from}`,
    `  decided by ${rule === null ? 'the threshold' : `rule ${rule}`}`,
    ...(exceptions.length === 0 ? [] : [`  not acted on because of ${exceptions.join(', ')}`]),
    ...signals.flatMap(({ detector, id, score, spans, standing }) => [
      `  ${detector} ${id} ${rounded(score)}${standing === undefined ? '' : ` (${STANDINGS[standing]})`}`,
      ...(spans.length === 0 ? [] : [`    ${marked(text, spans, mark)}`]),
    ]),
    ...(evidence.length === 0
      ? []
      : [
          '  what speaks most for it, to the model',
          `    ${marked(
            text,
            evidence.map(({ span }) => span),
            mark,
          )}`,
        ]),
  ]
}

const STANDINGS = {
  alone: 'stands alone',
  company: 'counts in company',
  review: 'for review only: two people have not approved it',
}

const scoreOf = ({ category, score }: CategoryExplanation): string => `${category} ${rounded(score)}`

const rounded = (score: number): string => String(Math.round(score * 10_000) / 10_000)

/** Units of a text that are shown around what is marked. */
const AROUND = 60

/** A text with its parts set off; what is far from all of them is left out. Spans may overlap. Control characters are shown as blanks. */
export function marked(text: string, spans: readonly (readonly [number, number])[], mark: Mark): string {
  const merged: [number, number][] = []
  for (const [start, end] of [...spans].sort(([a], [b]) => a - b)) {
    const last = merged.at(-1)
    if (last && start <= last[1]) last[1] = Math.max(last[1], end)
    else merged.push([start, end])
  }
  let at = 0
  let shown = ''
  for (const [i, [start, end]] of merged.entries()) {
    const before = text.slice(at, start)
    const isFar = before.length > 2 * AROUND
    shown += plain(i === 0 ? ending(before) : isFar ? `${beginning(before)}${ending(before)}` : before)
    shown += `${mark.from}${plain(text.slice(start, end))}${mark.to}`
    at = end
  }
  return shown + plain(beginning(text.slice(at)))
}

const beginning = (text: string): string => (text.length > AROUND ? `${text.slice(0, AROUND)} … ` : text)
const ending = (text: string): string => (text.length > AROUND ? ` … ${text.slice(-AROUND)}` : text)

/** A text must not move the cursor, nor colour what it likes. */
const plain = (text: string): string => text.replace(/\p{Cc}/gu, ' ')

/** Where two verdicts differ, as JSON Pointers; empty where they are the same. */
export function differences(one: unknown, other: unknown, path = ''): string[] {
  if (Object.is(one, other)) return []
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null)
    return [path || '/']
  const [mine, theirs] = [one as Record<string, unknown>, other as Record<string, unknown>]
  const names = new Set([...Object.keys(mine), ...Object.keys(theirs)])
  return [...names].flatMap((name) => differences(mine[name], theirs[name], `${path}/${name}`))
}

/** What recomputing a verdict came to. */
export function recomputedLines(stored: Partial<Verdict>, again: Partial<Verdict>): string[] {
  const paths = differences(stored, again)
  return paths.length === 0
    ? ['recomputed from what it names: the same']
    : ['recomputed from what it names: NOT the same', ...paths.slice(0, 20).map((path) => `  ${path}`)]
}
