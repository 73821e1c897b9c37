import canonicalize from 'canonicalize'
import { readFileSync } from 'node:fs'
import { canonicalJson } from '#libs/audit/canonical-json'
import { chainOnto, EMPTY_TAIL, storable } from '#libs/audit/chain'
import { EXAMPLE_ENTRY } from '#libs/contracts/audit-record'
import { Topics } from '#libs/contracts/catalogue'
import { derivedId } from '#libs/contracts/ids'
import { type Message, revisionOf } from '#libs/contracts/message'
import { MessageIn } from '#libs/contracts/message-in'
import { contractDecoder } from '#libs/runtime/kafka/decode-json'
import { traceparentFor } from '#libs/runtime/kafka/trace'
import { inspect } from '#libs/runtime/json/inspect'
import { contractCheck } from '#libs/runtime/json/validator'
import { classify } from '../../apps/classification/classify.rules.js'
import { findContacts } from '../../apps/classification/detectors/contacts.js'
import { findContext } from '../../apps/classification/detectors/context-cues.js'
import { normalise } from '#libs/text/normalise'
import { TextModel } from '../../apps/classification/detectors/text-model.js'
import { copyKeysOf } from '../../apps/enforcement/ledger/cases/copy-keys.rules.js'
import { checkMessage } from '../../apps/ingestion/check-message.rules.js'
import { codecCosts } from './codec-costs.js'
import { nanosecondsEach, type StepCost } from './cpu-cost.js'
import { defaultDocuments, judgeOf } from '../../apps/classification/default-judge.fixture.js'

const MESSAGES = 5_000

/**
 * What each step of ingestion and classification, and what enforcement adds to an entry, takes for one message with a text of
 * `texts`, with the default policy.
 */
export async function stepCosts(texts: readonly string[]): Promise<StepCost[]> {
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
  const values = incoming.map((bytes) => JSON.parse(bytes.toString()) as unknown)
  const scores = normalised.map((text) => {
    const found = model.score(text)
    return Object.fromEntries(model.categories.map((category, i) => [category, found[i]!]))
  })
  const now = new Date(1_790_000_000_000)
  const steps: [string, (i: number) => unknown][] = [
    ['ingestion: UTF-8 and JSON.parse', (i) => JSON.parse(incoming[i]!.toString('utf8')) as unknown],
    ['ingestion: all checks', (i) => checkMessage(incoming[i]!)],
    ['ingestion: revision', (i) => revisionOf(messages[i]!)],
    ['ingestion: derived id', (i) => derivedId('msg', 'p1', `m-${i}`, 'x'.repeat(43), '2026', 3, String(i))],
    ['ingestion: trace', (i) => traceparentFor(`msg_${i}`, null)],
    ['ingestion: JSON.stringify', (i) => Buffer.from(JSON.stringify(messages[i]))],
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
      (i) => judge.judge({ message: messages[i]!, scores: scores[i]!, signals: [] }),
    ],
    [
      'classification: the whole function',
      (i) => classify(messages[i]!, { judge, model, mode: 'live', now }),
    ],
  ]
  const [entry, loggedAt] = [storable(EXAMPLE_ENTRY), new Date()]
  steps.push(
    ['ingestion: forbidden keys, depth', (i) => inspect(values[i])],
    ['ingestion: shape', (i) => check(values[i])],
    ['enforcement: keys of copies', (i) => copyKeysOf('p1', messages[i]!)],
    ['enforcement: a record of the audit log', () => chainOnto(EMPTY_TAIL, '0', [entry], loggedAt)],
    ['enforcement: canonical JSON of its entry', () => canonicalJson(entry)],
    ['enforcement: canonical JSON of its entry, the library', () => canonicalize(entry)],
  )
  const costs: StepCost[] = []
  for (const [step, run] of steps) {
    const nanoseconds = await nanosecondsEach(MESSAGES, () => {
      for (let i = 0; i < MESSAGES; i++) run(i)
    })
    costs.push({ step, nanoseconds })
  }
  return [...costs, ...(await codecCosts(accepted))]
}
