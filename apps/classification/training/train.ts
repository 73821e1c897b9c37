import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { LANGUAGES, guessLanguage, hashFeatures, type Language } from '../detectors/features.js'
import { normalise } from '#libs/text/normalise'
import {
  BUCKET_BYTES,
  type Calibration,
  type ModelHeader,
  TextModel,
  writeModel,
} from '../detectors/text-model.js'
import { type Judged, calibrate, thresholdFor } from './calibrate.js'
import { CATEGORIES, type Category, type Sample, type SetFacts, readDatasets } from './datasets.js'
import { type Matrix, learn, quantise } from './learn.js'
import { measure } from './measures.js'
import { type CrossScore, type Scores, type SetScore, modelCard, scoreTables } from './model-card.js'

const BITS = 19
const SEED = 20261124
const SETTINGS = { bits: BITS, categories: CATEGORIES.length, epochs: 6, rate: 0.5, decay: 5e-4, seed: SEED }
/** What a category must reach on texts kept aside before the model alone may speak for `act`. */
const ACT_PRECISION = 0.97
/** Positives that a set must have for it, and for what remains without it, to say something. */
const LEAST_TO_HOLD_OUT = 200
/** What a model alone says of these is for people to look at. */
const NEVER_ALONE: readonly Category[] = ['misinformation', 'terrorism']

interface Corpus {
  samples: Sample[]
  languages: Language[]
  matrix: Matrix
}

function corpusOf(samples: Sample[]): Corpus {
  const offsets = new Uint32Array(samples.length + 1)
  const labels = new Int8Array(BUCKET_BYTES * samples.length).fill(-1)
  const weights = Float32Array.from(samples, (s) => s.weight)
  const languages: Language[] = []
  let buckets = new Uint32Array(1 << 24)
  let used = 0
  samples.forEach((sample, row) => {
    const text = normalise(sample.text)
    languages.push(guessLanguage(text))
    const found = hashFeatures(text.codes, BITS)
    if (used + found.count > buckets.length) {
      const larger = new Uint32Array(2 * (used + found.count))
      larger.set(buckets)
      buckets = larger
    }
    buckets.set(found.buckets.subarray(0, found.count), used)
    used += found.count
    offsets[row + 1] = used
    CATEGORIES.forEach((category, c) => {
      labels[BUCKET_BYTES * row + c] = sample.labels[category] ?? -1
    })
  })
  return { samples, languages, matrix: { offsets, buckets, labels, weights } }
}

const rowsWhere = (corpus: Corpus, keep: (sample: Sample) => boolean): Uint32Array =>
  Uint32Array.from(corpus.samples.keys()).filter((row) => keep(corpus.samples[row] as Sample))

/** Learns from the train part, calibrates on the calibrate part, of the samples that `keep` lets through. */
function trainModel(corpus: Corpus, keep: (sample: Sample) => boolean): Uint8Array {
  const learned = learn(
    corpus.matrix,
    rowsWhere(corpus, (s) => s.part === 'train' && keep(s)),
    SETTINGS,
  )
  const { bytes, scales } = quantise(learned, CATEGORIES.length)
  const header: ModelHeader = {
    format: 1,
    version: '',
    categories: [...CATEGORIES],
    bits: BITS,
    scales,
    biases: Array.from(learned.biases.subarray(0, CATEGORIES.length)),
    calibration: {},
  }
  const raw = TextModel.load(writeModel(header, bytes))
  const rows = rowsWhere(corpus, (s) => s.part === 'calibrate' && keep(s))
  const margins = Array.from(rows, (row) => raw.margins(normalise((corpus.samples[row] as Sample).text)))
  CATEGORIES.forEach((category, c) => {
    const byLanguage: Partial<Record<Language, Calibration>> = {}
    for (const language of LANGUAGES) {
      const judged: Judged[] = []
      rows.forEach((row, i) => {
        const sample = corpus.samples[row] as Sample
        const label = sample.labels[category]
        if (label === undefined || corpus.languages[row] !== language) return
        judged.push({ margin: margins[i]?.[c] ?? 0, label, ordinary: sample.ordinary })
      })
      const calibration = calibrate(judged)
      if (calibration) byLanguage[language] = calibration
    }
    header.calibration[category] = byLanguage
  })
  header.version = createHash('sha256')
    .update(JSON.stringify(header))
    .update(bytes)
    .digest('hex')
    .slice(0, 16)
  return writeModel(header, bytes)
}

type Thresholds = Record<string, Partial<Record<Language, { review: number; act: number | null }>>>

function thresholdsOf(corpus: Corpus, model: TextModel): Thresholds {
  const rows = rowsWhere(corpus, (s) => s.part === 'calibrate')
  const scores = Array.from(rows, (row) => model.score(normalise((corpus.samples[row] as Sample).text)))
  const thresholds: Thresholds = {}
  CATEGORIES.forEach((category, c) => {
    const byLanguage: Thresholds[string] = {}
    for (const language of LANGUAGES) {
      if (!model.header.calibration[category]?.[language]) continue
      const mine = [...rows.keys()].filter((i) => {
        const row = rows[i] as number
        return corpus.languages[row] === language && corpus.samples[row]?.labels[category] !== undefined
      })
      const act = NEVER_ALONE.includes(category)
        ? undefined
        : thresholdFor(
            mine.map((i) => scores[i]?.[c] ?? 0),
            mine.map((i) => corpus.samples[rows[i] as number]?.labels[category] ?? 0),
            ACT_PRECISION,
          )
      byLanguage[language] = { review: 0.5, act: act === undefined ? null : Math.ceil(act * 1000) / 1000 }
    }
    thresholds[category] = byLanguage
  })
  return thresholds
}

/** Scores on the test part: per set and category, and the share of ordinary messages that reach 0.5. */
function scoresOf(corpus: Corpus, model: TextModel): Pick<Scores, 'inSet' | 'ordinary'> {
  const rows = rowsWhere(corpus, (s) => s.part === 'test')
  const groups = new Map<
    string,
    { set: string; language: Language; rows: number[]; scores: Float32Array[] }
  >()
  for (const row of rows) {
    const sample = corpus.samples[row] as Sample
    const language = corpus.languages[row] as Language
    const key = `${sample.set}/${language}`
    const group = groups.get(key) ?? { set: sample.set, language, rows: [], scores: [] }
    group.rows.push(row)
    group.scores.push(model.score(normalise(sample.text)))
    groups.set(key, group)
  }
  const inSet: SetScore[] = []
  const ordinary: Scores['ordinary'] = []
  for (const { set, language, rows: mine, scores } of groups.values()) {
    CATEGORIES.forEach((category, c) => {
      const judged = mine.flatMap((row, i) => {
        const label = corpus.samples[row]?.labels[category]
        return label === undefined ? [] : [{ score: scores[i]?.[c] ?? 0, label }]
      })
      const measures = measure(
        judged.map((j) => j.score),
        judged.map((j) => j.label),
      )
      if (measures.positives >= 10) inSet.push({ set, language, category, ...measures })
      if (corpus.samples[mine[0] as number]?.ordinary && mine.length >= 200) {
        ordinary.push({
          set,
          language,
          category,
          count: judged.length,
          rate: judged.filter((j) => j.score >= 0.5).length / judged.length,
        })
      }
    })
  }
  return { inSet, ordinary }
}

/** For each set that is one of several for a category in a language: what a model says of it that never saw the set. */
function crossScoresOf(corpus: Corpus): CrossScore[] {
  const held = new Map<string, { category: Category; language: Language }[]>()
  for (const category of CATEGORIES) {
    for (const language of LANGUAGES) {
      const count = new Map<string, number>()
      corpus.samples.forEach((s, row) => {
        if (s.labels[category] === 1 && corpus.languages[row] === language) {
          count.set(s.set, (count.get(s.set) ?? 0) + 1)
        }
      })
      const sets = [...count].filter(([, n]) => n >= LEAST_TO_HOLD_OUT).map(([set]) => set)
      if (sets.length < 2) continue
      for (const set of sets) held.set(set, [...(held.get(set) ?? []), { category, language }])
    }
  }
  const scores: CrossScore[] = []
  for (const [set, tasks] of held) {
    process.stdout.write(`  without ${set}\n`)
    const model = TextModel.load(trainModel(corpus, (s) => s.set !== set))
    for (const { category, language } of tasks) {
      const c = CATEGORIES.indexOf(category)
      const rows = rowsWhere(corpus, (s) => s.set === set && s.labels[category] !== undefined)
      const mine = rows.filter((row) => corpus.languages[row] === language)
      const measures = measure(
        Array.from(mine, (row) => model.score(normalise((corpus.samples[row] as Sample).text))[c] ?? 0),
        Array.from(mine, (row) => corpus.samples[row]?.labels[category] ?? 0),
      )
      if (measures.positives >= 10 && measures.positives < measures.count)
        scores.push({ set, language, category, ...measures })
    }
  }
  return scores
}

function main(): void {
  const { values } = parseArgs({
    options: {
      data: { type: 'string', default: '../shared/data' },
      licences: { type: 'string', default: 'all' },
      out: { type: 'string', default: 'models' },
      evaluate: { type: 'boolean', default: false },
      fast: { type: 'boolean', default: false },
    },
  })
  if (values.licences !== 'all' && values.licences !== 'permissive') {
    throw new Error('--licences is all or permissive.')
  }
  if (!existsSync(values.data)) {
    process.stdout.write(
      `No labelled texts at ${values.data}: nothing was trained, the model in ${values.out} stays as it is. Give their folder with --data.\n`,
    )
    return
  }
  const { samples, sets } = readDatasets(values.data, values.licences === 'permissive')
  if (samples.length === 0) {
    process.stdout.write(`No known set under ${values.data}: nothing was trained.\n`)
    return
  }
  process.stdout.write(`${samples.length} different texts of ${sets.length} sets\n`)
  const corpus = corpusOf(samples)
  const file = join(values.out, 'text-v1.bin')
  if (values.evaluate) {
    const model = TextModel.load(readFileSync(file))
    process.stdout.write(`model ${model.version}\n${scoreTables({ ...scoresOf(corpus, model), cross: [] })}`)
    return
  }
  const bytes = trainModel(corpus, () => true)
  const model = TextModel.load(bytes)
  const scores: Scores = { ...scoresOf(corpus, model), cross: values.fast ? [] : crossScoresOf(corpus) }
  mkdirSync(values.out, { recursive: true })
  writeFileSync(file, bytes)
  writeFileSync(join(values.out, 'text-v1.json'), metadata(corpus, model, sets, values.licences))
  writeFileSync(join(values.out, 'MODEL_CARD.md'), modelCard(model.header, sets, scores))
  process.stdout.write(`model ${model.version}, ${bytes.length} bytes\n${scoreTables(scores)}`)
}

function metadata(corpus: Corpus, model: TextModel, sets: SetFacts[], licences: string): string {
  const { version, categories, bits, calibration } = model.header
  return `${JSON.stringify(
    {
      version,
      categories,
      buckets: 2 ** bits,
      thresholds: thresholdsOf(corpus, model),
      calibration,
      licences,
      sets: sets.map((s) => s.name),
    },
    null,
    2,
  )}\n`
}

main()
