import { readFileSync } from 'node:fs'
import type { Message } from '#libs/contracts/message'
import { classify } from '../../apps/classification/classify.rules.js'
import { TextModel } from '../../apps/classification/detectors/text-model.js'
import { numberFrom } from '../../apps/classification/training/seeded.js'
import type { Drained } from './drain.js'
import type { Mix } from './make-messages.js'
import { nanosecondsEach } from './cpu-cost.js'
import { defaultDocuments, judgeOf } from '../../apps/classification/default-judge.fixture.js'
import { textsOfLength } from './texts.js'
import { WeirBench } from './weir-bench.js'

/** One point: what was varied, and what came of it. */
export interface GrowthPoint {
  readonly varied: string
  readonly perSecond?: number
  /** CPU seconds per million messages: of all processes, or of the function of classification alone. */
  readonly cpu: number
}

/** How all four services do with more partitions and processes. A stack of its own for each point: topics never shrink. */
export async function growthByPartitions(
  mix: Mix,
  records: number,
  tell: (point: GrowthPoint) => void,
): Promise<void> {
  for (const processes of [1, 2]) {
    for (const partitions of [1, 2, 4, 8]) {
      const bench = await WeirBench.start(mix, { partitions, processes })
      try {
        await bench.warm()
        tell(pointOf(`${partitions} partitions, ${processes} processes`, await bench.all(records)))
      } finally {
        await bench.stop()
      }
    }
  }
}

/** How it does with longer texts, more accounts and a larger backlog. */
export async function growthByMessages(
  bench: WeirBench,
  mix: Mix,
  records: number,
  tell: (point: GrowthPoint) => void,
): Promise<void> {
  for (const length of [20, 200, 2_000]) {
    const texts = textsOfLength(mix.texts, length)
    tell(
      pointOf(
        `texts of ${length}`,
        await bench.all(length > 1_000 ? records / 4 : records, { ...mix, texts }),
      ),
    )
  }
  for (const accounts of [1_000, 100_000, 1_000_000]) {
    tell(pointOf(`${accounts} accounts`, await bench.all(records, { ...mix, accounts })))
  }
  tell(pointOf('a backlog of 1000000', await bench.all(1_000_000)))
}

/** How the function of classification does with more words in the bank and more rules in the policy: 100-character texts. */
export async function growthByPolicy(
  texts: readonly string[],
  tell: (point: GrowthPoint) => void,
): Promise<void> {
  const { policy, banks } = defaultDocuments()
  const messages = textsOfLength(texts, 100).map(messageOf)
  const model = TextModel.load(readFileSync('models/text-v1.bin'))
  const measure = async (varied: string, changed: { policy?: object; words?: object[] }): Promise<void> => {
    const words = { ...banks['words'], entries: changed.words ?? banks['words']!['entries'] }
    const judge = judgeOf({ ...policy, ...changed.policy }, { ...banks, words })
    const now = new Date(0)
    const each = await nanosecondsEach(messages.length, () => {
      for (const message of messages) classify(message, { judge, model, mode: 'live', now })
    })
    tell({ varied, cpu: each / 1_000 })
  }
  for (const count of [100, 10_000, 100_000]) await measure(`${count} words`, { words: wordsOf(count) })
  for (const count of [10, 100, 1_000]) await measure(`${count} rules`, { policy: { rules: rulesOf(count) } })
}

/** Words of four to ten letters or two to four characters, none of which says anything. */
function wordsOf(count: number): object[] {
  const next = numberFrom(7)
  const below = (n: number) => Math.floor(next() * n)
  const letters = (n: number) => String.fromCharCode(...Array.from({ length: n }, () => 97 + below(26)))
  const characters = (n: number) =>
    String.fromCharCode(...Array.from({ length: n }, () => 0x4e00 + below(0x5000)))
  return Array.from({ length: count }, (_, i) => ({
    id: `fraud/made/${i}`,
    category: 'fraud',
    score: 0.2,
    terms: [i % 2 === 0 ? letters(4 + below(7)) : characters(2 + below(3))],
  }))
}

/** Rules as policy editors write them, that hardly ever hold. */
function rulesOf(count: number): object[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `made.r${i}`,
    when: `lexicon.fraud >= 0.${9 - (i % 3)} && (contact >= 0.4 || evasion >= 0.5)`,
    then: { category: 'fraud', outcome: 'review' },
  }))
}

function messageOf(text: string, i: number): Message {
  return {
    messageId: `m-${i}`,
    accountId: `acc-${i % 997}`,
    platformId: 'p1',
    visibility: 'public',
    sentAt: '2026-11-24T07:00:00Z',
    receivedAt: '2026-11-24T07:00:01.000Z',
    revision: 'r'.repeat(43),
    text,
  }
}

function pointOf(varied: string, { perSecond, cpu }: Drained): GrowthPoint {
  return { varied, perSecond, cpu: Object.values(cpu).reduce((sum, each) => sum + each, 0) }
}
