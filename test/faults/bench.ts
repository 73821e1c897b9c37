import { deepEqual, equal, ok } from 'node:assert/strict'
import type { ServiceName } from '#libs/contracts/catalogue'
import { eventually, type WeirSystem } from '../harness/weir-system.js'
import { type Channels, type Difference, differences, type Observed, summaryOf } from './differences.js'
import { Archive, observe, readInput } from './observe.js'
import { type Expected, expectedOf, type InputRecord, inputTopic } from './oracle.js'
import { type OutgoingRecord, TEXTS } from './workload.js'

/** The two platforms of the fault tests; the same account ids exist on both. */
export const PLATFORMS = ['p1', 'p2'] as const
const CHANNELS: Channels = {
  p1: ['email duty@p1.example', 'webhook'],
  p2: ['email duty@p2.example', 'email night@p2.example'],
}
/** Nobody listens there: deliveries stay pending, each in its one row. */
const NOBODY = 'http://127.0.0.1:9/hook'

/** Registers the platforms with contacts and a webhook, and makes sure that the texts mean what the oracle believes. */
export async function prepare(system: WeirSystem): Promise<void> {
  for (const id of PLATFORMS) {
    const contacts = CHANNELS[id]!.flatMap((channel) => {
      const [kind, email] = channel.split(' ')
      return kind === 'email' ? [{ name: 'On duty', email }] : []
    })
    const { status } = await system.register(id, { contacts })
    equal(status, 201, `platform ${id} is registered`)
  }
  const put = { method: 'PUT', json: { url: NOBODY } }
  const hook = await system.call('notification', '/v1/webhooks/p1', { roles: ['admin'] }, put)
  equal(hook.status, 201, 'the webhook is registered')
  const messages = [...TEXTS.keys()].map((text, i) => ({
    messageId: `known-${i}`,
    accountId: 'known',
    visibility: 'public',
    sentAt: new Date().toISOString(),
    text,
  }))
  const body = await eventually('the texts are judged', async () => {
    const answer = await system.call<{
      verdicts: { outcome: string; categories: { outcome: string; severity?: number }[] }[]
    }>('classification', '/v1/classify', { roles: ['platform'], platform: 'p1' }, { json: { messages } })
    return answer.status === 200 && answer.body
  })
  const known = body.verdicts.map(({ outcome, categories }) => ({
    outcome,
    severity: Math.max(1, ...categories.map((one) => (one.outcome === outcome ? (one.severity ?? 1) : 1))),
  }))
  deepEqual(known, [...TEXTS.values()])
}

/** Sends records in their order, a request for each topic and stretch of `size`. Resolves when the broker has them. */
export async function send(
  system: WeirSystem,
  records: Iterable<OutgoingRecord>,
  size = 100,
  pause = () => Promise.resolve(),
): Promise<void> {
  let chunk: OutgoingRecord[] = []
  const flush = async (): Promise<void> => {
    for (const [platformId, some] of Map.groupBy(chunk, (one) => one.platformId))
      await system.produce(inputTopic(platformId), some)
    chunk = []
    await pause()
  }
  for (const record of records) {
    chunk.push(record)
    if (chunk.length >= size) await flush()
  }
  await flush()
}

/** What must be, what is, and in what they differ. */
export interface Judgement {
  readonly input: readonly InputRecord[]
  readonly expected: Expected
  readonly observed: Observed
  readonly found: readonly Difference[]
}

/** What the oracle says of everything that is on the input topics, after all of it has gone its way. */
export async function compare(system: WeirSystem, archive = new Archive(system)): Promise<Judgement> {
  const input = await readInput(system, PLATFORMS)
  const expected = expectedOf(input, TEXTS)
  const observed = await observe(system, PLATFORMS, archive)
  return { input, expected, observed, found: differences(expected, observed, CHANNELS) }
}

/** The same where every difference is a failure. @throws AssertionError that counts them and shows some of each kind */
export async function judge(system: WeirSystem, sent: number): Promise<Expected> {
  const { input, expected, found } = await compare(system)
  ok(input.length >= sent, `${input.length} of ${sent} records are on the input topics`)
  if (found.length > 0) for (const line of summaryOf(found).split('\n')) console.log(line)
  equal(summaryOf(found), '')
  return expected
}

/** A line of facts about a run, printed because it is what the run is for. */
export function tell(name: string, facts: Record<string, unknown>): void {
  console.log(`${name}: ${JSON.stringify(facts)}`)
}

export function factsOf(expected: Expected): Record<string, number> {
  const strikes = [...expected.accounts.values()].reduce((sum, account) => sum + account.strikes.size, 0)
  return {
    valid: expected.valid.length,
    private: expected.privates,
    deadLetters: expected.deadLetters.size,
    verdicts: expected.verdicts.size,
    strikes,
    flaggedAccounts: expected.accounts.size,
  }
}

export function pidsOf(system: WeirSystem): Record<ServiceName, number> {
  const entries = Object.entries(system.services).map(([name, service]) => [name, service.pid])
  return Object.fromEntries(entries) as Record<ServiceName, number>
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
