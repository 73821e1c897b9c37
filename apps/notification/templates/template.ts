export const LANGUAGES = ['zh', 'en'] as const
export type Language = (typeof LANGUAGES)[number]

/**
 * What may stand in a place of a text, and so how it is written:
 * `line` a short value as it is · `code` a word of `words.ts` · `instant` a date and time in UTC · `ids` a list of ids ·
 * `bilingual` a text that comes in both languages · `url` an http(s) address · `facts` all simple values of the notice.
 */
export type PlaceType = 'line' | 'code' | 'instant' | 'ids' | 'bilingual' | 'url' | 'facts'

/** A place: its type, and whether the text can do without it. */
export interface Place {
  readonly type: PlaceType
  readonly required: boolean
}

/**
 * One template in one language. `{name}` is a place. A line whose place has no value is left out, and so is a paragraph
 * without lines.
 */
export interface TemplateText {
  readonly subject: string
  readonly paragraphs: readonly (readonly string[])[]
}

/** A template: its places, and its text in every language. */
export type Template = { readonly places: Readonly<Record<string, Place>> } & Readonly<
  Record<Language, TemplateText>
>

export function required(type: PlaceType): Place {
  return { type, required: true }
}

export function optional(type: PlaceType): Place {
  return { type, required: false }
}
