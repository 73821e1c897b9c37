import { readDatasets } from '../../apps/classification/training/datasets.js'
import { isHarmful, type LabelledText, languageOf } from './labelled-text.js'

/** In German: the demo speaks Chinese and English. */
const LEFT_OUT = new Set(['germeval-violence'])
/** Longer ones are cut from longer pages, and make a page of facts hard to read. */
const LONGEST = 1_000

export interface HeldOutTexts {
  /** Some harm is known of them. */
  harmful: LabelledText[]
  /** Taken from collections of ordinary messages. */
  ordinary: LabelledText[]
  /** Labelled, and harmless: the counterparts of the harmful ones. */
  harmless: LabelledText[]
}

/** The parts of labelled sets under `folder` that the model neither learned from nor was calibrated on. */
export function heldOutTexts(folder: string): HeldOutTexts {
  const found: HeldOutTexts = { harmful: [], ordinary: [], harmless: [] }
  for (const { text, set, labels, ordinary, part } of readDatasets(folder, false).samples) {
    if (part !== 'test' || LEFT_OUT.has(set) || text.length > LONGEST) continue
    const labelled = { text, language: languageOf(text), source: set, labels }
    if (isHarmful(labelled)) found.harmful.push(labelled)
    else if (ordinary) found.ordinary.push(labelled)
    else found.harmless.push(labelled)
  }
  return found
}
