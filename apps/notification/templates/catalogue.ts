import { appealDecidedEn } from './appeal-decided.en.js'
import { appealDecidedZh } from './appeal-decided.zh.js'
import { banIntendedEn } from './ban-intended.en.js'
import { banIntendedZh } from './ban-intended.zh.js'
import { fallbackEn } from './fallback.en.js'
import { fallbackZh } from './fallback.zh.js'
import { measureJoinedEn } from './measure-joined.en.js'
import { measureJoinedZh } from './measure-joined.zh.js'
import { measureLapsedEn } from './measure-lapsed.en.js'
import { measureLapsedZh } from './measure-lapsed.zh.js'
import { measureOrderedEn } from './measure-ordered.en.js'
import { measureOrderedZh } from './measure-ordered.zh.js'
import { measureReversedEn } from './measure-reversed.en.js'
import { measureReversedZh } from './measure-reversed.zh.js'
import { optional, required, type Template } from './template.js'

/** What a notice about a measure says in its `data`: fields of the directive that orders, undoes or ends it, or that it joins. */
const MEASURE_PLACES = {
  accountId: required('line'),
  kind: required('code'),
  messageIds: optional('ids'),
  category: optional('code'),
  clause: optional('line'),
  clauseTitle: optional('bilingual'),
  automated: optional('code'),
  until: optional('instant'),
  acknowledgeBy: optional('instant'),
  dueAt: optional('instant'),
  reasons: optional('bilingual'),
  appealUrl: optional('url'),
  directiveId: optional('line'),
  decisionId: optional('line'),
  statementOfReasonsId: optional('line'),
  reverses: optional('line'),
}

/** What the notice of an intended ban says in its `data`. */
const INTENT_PLACES = {
  accountId: required('line'),
  category: optional('code'),
  clause: optional('line'),
  clauseTitle: optional('bilingual'),
  notBefore: optional('instant'),
  hours: optional('line'),
  answerUrl: optional('url'),
  reasons: optional('bilingual'),
  caseId: optional('line'),
  decisionId: optional('line'),
}

/** What the notice of an appeal's outcome says in its `data`. */
const OUTCOME_PLACES = {
  accountId: required('line'),
  outcome: required('code'),
  measure: optional('code'),
  replacement: optional('code'),
  reasons: optional('bilingual'),
  appealId: optional('line'),
  decisionId: optional('line'),
  directiveId: optional('line'),
  statementOfReasonsId: optional('line'),
}

/** Every template by name. A notice whose name is unknown, or that lacks a required place, is told by `fallback`. */
export const TEMPLATES: Readonly<Record<string, Template>> = {
  'appeal-decided': { places: OUTCOME_PLACES, zh: appealDecidedZh, en: appealDecidedEn },
  'ban-intended': { places: INTENT_PLACES, zh: banIntendedZh, en: banIntendedEn },
  'measure-ordered': { places: MEASURE_PLACES, zh: measureOrderedZh, en: measureOrderedEn },
  'measure-joined': { places: MEASURE_PLACES, zh: measureJoinedZh, en: measureJoinedEn },
  'measure-reversed': { places: MEASURE_PLACES, zh: measureReversedZh, en: measureReversedEn },
  'measure-lapsed': { places: MEASURE_PLACES, zh: measureLapsedZh, en: measureLapsedEn },
}

export const FALLBACK: Template = {
  places: { template: required('line'), facts: optional('facts') },
  zh: fallbackZh,
  en: fallbackEn,
}
