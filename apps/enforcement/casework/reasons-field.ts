import { ValidateBy } from 'class-validator'
import type { Bilingual } from '#libs/contracts/directive'
import { codePoints } from '#libs/contracts/fields'

/** Reasons as people give them: one text, or one for each language. */
export type GivenReasons = string | Bilingual

const LONGEST = 10_000
const TEXT = { type: 'string', minLength: 1, maxLength: LONGEST }

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '' && codePoints(value) <= LONGEST
}

/** A field that holds reasons: a text, or `{zh, en}`. */
export function Reasons(): PropertyDecorator {
  return ValidateBy({
    name: 'shape',
    constraints: [
      { anyOf: [TEXT, { type: 'object', required: ['zh', 'en'], properties: { zh: TEXT, en: TEXT } }] },
    ],
    validator: {
      validate: (value: unknown) =>
        isText(value) ||
        (typeof value === 'object' &&
          value !== null &&
          isText((value as Bilingual).zh) &&
          isText((value as Bilingual).en)),
      defaultMessage: () => `$property must be a text of 1 to ${LONGEST} characters, or {zh, en} of such`,
    },
  })
}

/** In both languages: a single text stands for both. */
export function bilingual(reasons: GivenReasons): Bilingual {
  return typeof reasons === 'string' ? { zh: reasons, en: reasons } : { zh: reasons.zh, en: reasons.en }
}
