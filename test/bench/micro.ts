import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { Topics } from '#libs/contracts/catalogue'
import { derivedId } from '#libs/contracts/ids'
import { type Message, revisionOf } from '#libs/contracts/message'
import { MessageIn } from '#libs/contracts/message-in'
import type { PolicyRecord } from '#libs/contracts/policy-record'
import { contractDecoder } from '#libs/platform/kafka/decode-json'
import { encodeProduce } from '#libs/platform/kafka/encode-produce'
import { murmur2 } from '#libs/platform/kafka/murmur2-partitioner'
import { traceparentFor } from '#libs/platform/kafka/trace'
import { inspect } from '#libs/platform/json/inspect'
import { contractCheck } from '#libs/platform/json/validator'
import { classify } from '../../apps/classification/classify.rules.js'
import { findContacts } from '../../apps/classification/detectors/contacts.js'
import { findContext } from '../../apps/classification/detectors/context-cues.js'
import { normalise } from '../../apps/classification/detectors/normalise.js'
import { TextModel } from '../../apps/classification/detectors/text-model.js'
import { buildJudge } from '../../apps/classification/judge.js'
import { checkMessage } from '../../apps/ingestion/check-message.rules.js'

/** One step of a message's way, and what it takes. */
export interface StepCost {
  readonly step: string
  readonly nanoseconds: number
}

/** Runs are repeated, and the fastest counts: what slows one down is not the step. */
const ATTEMPTS = 5
/** The clock of a thread's CPU time goes in steps of some milliseconds. */
const LEAST_MS = 150
const MESSAGES = 5_000

const SINCE_EVER = '1970-01-01T00:00:00Z'

/** The judge of a policy document and its banks, as classification builds it. */
export function judgeOf(policy: Record<string, unknown>, banks: Record<string, Record<string, unknown>>) {
  const record = (
    kind: 'policy' | 'bank',
    name: string,
    document: Record<string, unknown>,
  ): PolicyRecord => ({
    kind,
    name,
    version: '1',
    state: 'live',
    effectiveFrom: SINCE_EVER,
    rollout: 100,
    publishedAt: SINCE_EVER,
    document,
  })
  return buildJudge({
    policy: record('policy', 'default', policy),
    banks: Object.entries(banks).map(([name, document]) => record('bank', name, document)),
  })
}

/** The default policy and banks as documents. */
export function defaultDocuments() {
  const read = (path: string) => parse(readFileSync(path, 'utf8')) as Record<string, unknown>
  return {
    policy: read('policies/default.yaml'),
    banks: Object.fromEntries(
      ['words', 'links', 'known-false-claims'].map((name) => [name, read(`policies/banks/${name}.yaml`)]),
    ),
  }
}

/** What each step of ingestion and classification takes for one message with a text of `texts`, with the default policy. */
export function stepCosts(texts: readonly string[]): StepCost[] {
  const { policy, banks } = defaultDocuments()
  const judge = judgeOf(policy, banks)
  const model = TextModel.load(readFileSync('models/text-v1.bin'))
  const incoming = Array.from({ length: MESSAGES }, (_, i) =>
    Buffer.from(
      JSON.stringify({
        messageId: `m-${i}`,
        accountId: `acc-${i % 997}`,
        visibility: 'public',
        sentAt: '2026-11-24T07:00:00Z',
        text: texts[i % texts.length],
        account: { displayName: `Account ${i}`, kind: 'individual', followers: 1200, verified: false },
      }),
    ),
  )
  const messages = incoming.map((bytes, i): Message => {
    const message = JSON.parse(bytes.toString()) as MessageIn
    return {
      ...message,
      platformId: 'p1',
      revision: revisionOf(message),
      receivedAt: new Date(1_790_000_000_000 + i).toISOString(),
    }
  })
  const accepted = messages.map((message) => Buffer.from(JSON.stringify(message)))
  const normalised = messages.map(({ text }) => normalise(text!))
  const decode = contractDecoder(Topics.messages.event)
  const check = contractCheck(MessageIn)
  const parsed = () => incoming.map((bytes) => JSON.parse(bytes.toString()) as unknown)
  const now = new Date(1_790_000_000_000)
  const headers = {
    ce_specversion: '1.0',
    ce_id: 'msg_2345672345672345672345672',
    ce_type: Topics.messages.type,
    ce_source: '/weir/ingestion',
    ce_time: '2026-11-24T07:00:00.000Z',
    'content-type': 'application/json',
    traceparent: traceparentFor('x', null),
  }
  const steps: [string, (i: number) => unknown][] = [
    ['ingestion: UTF-8 and JSON.parse', (i) => JSON.parse(incoming[i]!.toString('utf8')) as unknown],
    ['ingestion: all checks', (i) => checkMessage(incoming[i]!)],
    ['ingestion: revision', (i) => revisionOf(messages[i]!)],
    ['ingestion: derived id', (i) => derivedId('msg', 'p1', `m-${i}`, 'x'.repeat(43), '2026', 3, String(i))],
    ['ingestion: trace', (i) => traceparentFor(`msg_${i}`, null)],
    ['ingestion: JSON.stringify', (i) => Buffer.from(JSON.stringify(messages[i]))],
    ['both: partition of a key', (i) => murmur2(Buffer.from(messages[i]!.accountId))],
    ['classification: decode', (i) => decode({ value: accepted[i]! } as never)],
    ['classification: normalise', (i) => normalise(messages[i]!.text!)],
    ['classification: lexicon', (i) => judge.lexicon.match(normalised[i]!)],
    ['classification: links', (i) => judge.links.match(messages[i]!.text!)],
    ['classification: claims', (i) => judge.claims.match(normalised[i]!, '2026-11-24')],
    ['classification: contacts', (i) => findContacts(normalised[i]!)],
    ['classification: context', (i) => findContext(normalised[i]!)],
    ['classification: text model', (i) => model.score(normalised[i]!)],
    [
      'classification: rules and thresholds',
      (i) => judge.judge({ message: messages[i]!, scores: {}, signals: [] }),
    ],
    [
      'classification: the whole function',
      (i) => classify(messages[i]!, { judge, model, mode: 'live', now }),
    ],
  ]
  const costs = steps.map(([step, run]) => ({ step, nanoseconds: cost(run) }))
  const values = parsed()
  costs.push({
    step: 'ingestion: forbidden keys, depth',
    nanoseconds: cost((i) => inspect(values[i])),
  })
  costs.push({
    step: 'ingestion: shape',
    nanoseconds: cost((i) => check(values[i])),
  })
  costs.push({ step: 'both: encode a record', nanoseconds: encodeCost(accepted, headers) })
  return costs
}

function cost(run: (i: number) => unknown): number {
  return nanosecondsEach(MESSAGES, () => {
    for (let i = 0; i < MESSAGES; i++) run(i)
  })
}

/** Nanoseconds of CPU for each of the `count` that one pass does, in the fastest of several attempts. */
export function nanosecondsEach(count: number, pass: () => void): number {
  let best = Infinity
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const start = cpuNanoseconds()
    let passes = 0
    for (const end = performance.now() + LEAST_MS; performance.now() < end; passes++) pass()
    best = Math.min(best, (cpuNanoseconds() - start) / (passes * count))
  }
  return Math.round(best)
}

/** CPU time of this thread: other programs on the machine do not count. */
function cpuNanoseconds(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) * 1_000
}

function encodeCost(values: readonly Buffer[], headers: Record<string, string>): number {
  const messages = values.slice(0, 1_000).map((value, i) => ({ key: `p1/acc-${i % 997}`, value, headers }))
  const topicData = [{ topic: Topics.messages.name, partitions: [{ partition: 0, messages }] }]
  return nanosecondsEach(messages.length, () => {
    void encodeProduce({ acks: -1, timeout: 10_000, topicData }, 1_790_000_000_000)
  })
}
