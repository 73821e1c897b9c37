import type { Bilingual } from '#libs/contracts/directive'
import type { Measure } from '#libs/contracts/measures-in-force'
import { writeInstant } from '#libs/contracts/write-instant'
import { clauseOf, type Policy } from '#libs/policy/policy-document'

/** Why a restriction ends that has run its time. */
export const LAPSED: Bilingual = {
  zh: '该措施的期限已届满，现予解除。',
  en: 'The time for which this measure was ordered has passed; it is lifted.',
}

/** Why a measure is suspended while an appeal against it waits for too long. */
export const APPEAL_LATE: Bilingual = {
  zh: '针对该措施的申诉未能按时作出决定，在作出决定之前暂停执行该措施。',
  en: 'An appeal against this measure was not decided in time; the measure is suspended until it is.',
}

/** Why a measure ends whose ground was taken away. */
export const NO_GROUND: Bilingual = {
  zh: '该措施所依据的违规记录已被撤销或更正，现予解除。',
  en: 'The strikes on which this measure rested were reversed or corrected; it is lifted.',
}

/** Why a message is removed without a person: the clause says it. */
export function removalReasons(policy: Policy, clause: string): Bilingual {
  const found = clauseOf(policy, clause)
  if (!found) return { zh: `违反条款 ${clause}。`, en: `It violates clause ${clause}.` }
  return { zh: found.reasons.zh, en: found.reasons.en }
}

const MEASURE_NAMES: Readonly<Record<Measure, Bilingual>> = {
  none: { zh: '不采取措施', en: 'no measure' },
  label: { zh: '加注标签', en: 'a label' },
  warn: { zh: '警告', en: 'a warning' },
  remove: { zh: '删除消息', en: 'removal' },
  limit: { zh: '限制账号', en: 'a limitation of the account' },
  suspend: { zh: '暂停账号', en: 'a suspension of the account' },
  ban: { zh: '封禁账号', en: 'a ban of the account' },
}

/** Why a step of the ladder is taken: the clause of the strike that led to it, and the sum that it completed. */
export function stepReasons(
  policy: Policy,
  step: {
    clause: string
    measure: Measure
    points: number
    strikes: number
    level: number
    until: Date | null
  },
): Bilingual {
  const why = removalReasons(policy, step.clause)
  const name = MEASURE_NAMES[step.measure]
  return {
    zh: `${why.zh}该账号目前有 ${step.strikes} 次有效违规，累计 ${step.points} 分，达到第 ${step.level} 级，因此予以${name.zh}${step.until ? `，至 ${writeInstant(step.until, 'zh')}` : ''}。`,
    en: `${why.en} The account has ${step.strikes} active ${step.strikes === 1 ? 'strike' : 'strikes'}, ${step.points} ${step.points === 1 ? 'point' : 'points'} in all, which is level ${step.level}: ${name.en} follows${step.until ? ` until ${writeInstant(step.until, 'en')}` : ''}.`,
  }
}
