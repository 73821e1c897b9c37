import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import type { Message } from '#libs/contracts/message'
import type { Outcome } from '#libs/contracts/verdict'
import { judged } from '../../apps/classification/classify.rules.js'
import { TextModel } from '../../apps/classification/detectors/text-model.js'
import { CATEGORIES, type Category } from '../../apps/classification/training/datasets.js'
import { defaultDocuments, judgeOf } from '../../apps/classification/default-judge.fixture.js'
import { chooseTexts } from '../demo/choose-texts.js'
import type { LabelledText } from '../demo/labelled-text.js'
import { type JudgedText, scoreCategory } from '../demo/scores.js'
import { Tally, type Tallied } from './tally.js'

const USAGE = `npm run hits -- --data DIR [--show N]
  --data DIR  folder of labelled sets; nus-sms and weibo-stream in it are taken for harmless
  --show N    prints N texts of each kind that would be acted on`

const { values } = parseArgs({
  options: { data: { type: 'string' }, show: { type: 'string', default: '0' } },
})
if (values.data === undefined || !existsSync(values.data)) {
  console.error(USAGE)
  process.exit(2)
}
const folder = values.data
const { policy, banks } = defaultDocuments()
const by = { judge: judgeOf(policy, banks), model: TextModel.load(readFileSync('models/text-v1.bin')) }

const SETS: readonly [set: string, file: string, textOf: (line: string) => string][] = [
  ['nus-sms', 'en.txt.gz', (line) => line],
  ['nus-sms', 'zh.txt.gz', (line) => line],
  ['weibo-stream', 'stream.jsonl.gz', (line) => (JSON.parse(line) as { text: string }).text],
]
for (const [set, file, textOf] of SETS) {
  const path = join(folder, set, file)
  if (!existsSync(path)) continue
  const tally = new Tally(Number(values.show))
  const lines = gunzipSync(readFileSync(path)).toString('utf8').split('\n')
  for (const line of lines) {
    if (line.trim() === '') continue
    const text = textOf(line)
    tally.add(text, judged(messageOf(text), by).judgement)
  }
  print(`${set}/${file}`, tally.total)
}
await printDemo()

function messageOf(text: string): Message {
  return {
    messageId: 'm',
    accountId: 'a',
    platformId: 'p',
    visibility: 'public',
    sentAt: '2026-11-24T07:00:00Z',
    receivedAt: '2026-11-24T07:00:01Z',
    revision: 'r',
    text,
  }
}

function print(name: string, { texts, acted, reviewed, kinds }: Tallied): void {
  const share = (count: number) => `${count} (${((100 * count) / texts).toFixed(4)} %)`
  console.log(`\n${name}: ${texts} texts, acted on ${share(acted)}, for review ${share(reviewed)}`)
  for (const { outcome, category, rule, signal, count, examples } of kinds) {
    console.log(`  ${outcome} ${category}, ${rule}, ${signal}: ${share(count)}`)
    if (outcome === 'act') for (const example of examples) console.log(`      ${example.slice(0, 200)}`)
  }
}

async function printDemo(): Promise<void> {
  const { harmful, harmless } = await chooseTexts(folder, () => undefined)
  const texts = [...harmful, ...harmless].map(judgedText)
  console.log(`\nTexts of the demo (${texts.length}): precision and recall of acting; of acting and review`)
  const figure = (value: number | null) => (value === null ? '    –' : value.toFixed(3))
  for (const category of CATEGORIES) {
    const { act, actOrReview, positive } = scoreCategory(texts, category)
    const figures = [act.precision, act.recall, actOrReview.precision, actOrReview.recall].map(figure)
    console.log(
      `  ${category.padEnd(15)} ${figures.join('  ')}  (${positive} texts, ${act.flagged} acted on)`,
    )
  }
}

function judgedText({ text, labels }: LabelledText): JudgedText {
  const { categories } = judged(messageOf(text), by).judgement
  const outcomes = Object.fromEntries(
    categories.map(({ category, outcome }) => [category, outcome]),
  ) as Partial<Record<Category, Outcome>>
  return { labels, outcomes }
}
