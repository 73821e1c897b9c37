import type { Labels } from '../../apps/classification/training/datasets.js'

export const LANGUAGES = ['zh', 'en'] as const
export type Language = (typeof LANGUAGES)[number]

/** A text with what is known of it; a category that is not named is not known. */
export interface LabelledText {
  readonly text: string
  readonly language: Language
  /** Where it comes from, as the page names it. */
  readonly source: string
  readonly labels: Labels
}

/** Told by script alone: a Han character makes it Chinese. */
export function languageOf(text: string): Language {
  return /\p{Script=Han}/u.test(text) ? 'zh' : 'en'
}

/** Whether any harm is known of it. */
export function isHarmful({ labels }: Pick<LabelledText, 'labels'>): boolean {
  return Object.values(labels).includes(1)
}
