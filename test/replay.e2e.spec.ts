import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PLATFORMS, prepare, send, tell } from './faults/bench.js'
import { contentsById } from './faults/differences.js'
import { observe } from './faults/observe.js'
import { workload } from './faults/workload.js'
import { eventually, WeirSystem } from './harness/weir-system.js'

const RECORDS = Number(process.env['FAULT_RECORDS'] ?? 1_500)
/** Strikes and measures that end while the test looks on. */
const SHORT = { strikes: 'PT40S', measures: 'PT15S' }
const DAY = 86_400_000
const COLLECTIONS = [
  'accounts',
  'strikes',
  'decisions',
  'directives',
  'statements',
  'cases',
  'case_entries',
  'exonerations',
]

let system: WeirSystem
let policy: string

beforeAll(async () => {
  policy = await readFile('policies/default.yaml', 'utf8')
  system = await WeirSystem.start({ TEST_CLOCK: '1', KAFKA_SESSION_MS: '6000' })
  await prepare(system)
})
afterAll(() => system.stop())

describe('all input, replayed from offset 0', () => {
  it('changes nothing after a reversal, lapsed strikes, another policy and a restart of all', async () => {
    const short = policy
      .replace('expiresAfter: P90D', `expiresAfter: ${SHORT.strikes}`)
      .replaceAll('duration: P7D', `duration: ${SHORT.measures}`)
    expect(short.split(SHORT.measures)).toHaveLength(4)
    await publish(short)
    await send(system, workload(RECORDS, PLATFORMS, 3))
    await system.drained(PLATFORMS)
    const reversed = await reverseOne()
    await lapsed()
    await publish(
      policy.replace('points: { 1: 1, 2: 2, 3: 4, 4: 8 }', 'points: { 1: 4, 2: 8, 3: 16, 4: 16 }'),
    )

    const before = await snapshot()
    expect(before.effects['strikes']!.length).toBeGreaterThan(20)
    await system.startAnew({ KAFKA_GROUP_PREFIX: 'again' })
    await system.drained(PLATFORMS)
    const after = await snapshot()
    expect(after.passed).toBeGreaterThan(before.passed)
    expect(changes(before.effects, after.effects)).toEqual([])
    expect(after.accounts).toEqual(before.accounts)
    expect(after.torn).toEqual([])
    expect(await decisionState(reversed)).toBe('reversed')
    tell('replayed', {
      records: RECORDS,
      ...countsOf(before.effects),
      passedOnce: before.passed,
      twice: after.passed,
    })
  })

  it('changes nothing 91 days later by the clock', async () => {
    await publish(policy)
    await send(system, workload(RECORDS, PLATFORMS, 4))
    await system.drained(PLATFORMS)
    await setClocks(Object.values(system.services).map((service) => service.url))
    await lapsed()

    const before = await snapshot()
    const another = await system.startAnother('ingestion', { KAFKA_GROUP_PREFIX: 'third' })
    await setClocks([another.url])
    for (const id of PLATFORMS) {
      const input = `weir.in.${id}.messages.v1`
      await eventually(
        'the whole input passed on again',
        async () => (await system.undone('ingestion', input, 'third')) === 0,
      )
    }
    await system.drained(PLATFORMS)
    const after = await snapshot()
    expect(after.passed).toBeGreaterThan(before.passed)
    expect(changes(before.effects, after.effects)).toEqual([])
    expect(after.accounts).toEqual(before.accounts)
    expect(after.torn).toEqual([])
  })
})

/** Ids of all that the input has led to, the accounts as they stand, and ids under which there are two contents. */
async function snapshot() {
  const seen = await observe(system, PLATFORMS)
  const effects: Record<string, unknown[]> = {}
  const topics = ['weir.verdicts.v1', 'weir.events.v1', 'weir.notices.v1', 'weir.dead-letters.v1']
  for (const topic of [...topics, ...PLATFORMS.map((id) => `weir.out.${id}.directives.v1`)]) {
    const ids = seen.records.filter((one) => one.topic === topic).map(({ headers }) => idOf(headers))
    effects[topic] = [...new Set(ids)].sort()
  }
  for (const name of COLLECTIONS)
    effects[name] = (await system.database('enforcement').collection(name).distinct('_id')).sort()
  for (const name of ['notices', 'deliveries'])
    effects[name] = (await system.database('notification').collection(name).distinct('_id')).sort()
  const passed = seen.records.filter((one) => one.topic === 'weir.messages.v1')
  const accounts = seen.accounts.map(({ platformId, accountId, status, level, points, strikes }) => ({
    platformId,
    accountId,
    status,
    level,
    points,
    strikes,
  }))
  return {
    effects,
    accounts,
    passed: passed.length,
    torn: [...contentsById(seen.records)].filter(([, contents]) => contents.size > 1).map(([id]) => id),
  }
}

/** Dead letters have the place of their record for an id. */
function idOf(headers: Readonly<Record<string, string>>): string {
  return headers['ce_id'] ?? `${headers['weir-topic']}/${headers['weir-partition']}/${headers['weir-offset']}`
}

/** What one has and the other has not. */
function changes(before: Record<string, unknown[]>, after: Record<string, unknown[]>): string[] {
  return Object.keys(before).flatMap((name) => {
    const [was, is] = [new Set(before[name]), new Set(after[name])]
    return [
      ...[...is].filter((id) => !was.has(id)).map((id) => `new in ${name}: ${String(id)}`),
      ...[...was].filter((id) => !is.has(id)).map((id) => `gone from ${name}: ${String(id)}`),
    ]
  })
}

function countsOf(effects: Readonly<Record<string, readonly unknown[]>>): Record<string, number> {
  return Object.fromEntries(Object.entries(effects).map(([name, ids]) => [name, ids.length]))
}

async function publish(text: string): Promise<void> {
  const as = (subject: string) => ({ roles: ['policy_editor'] as const, subject })
  const draft = await system.call<{ version: string }>('enforcement', '/v1/policies', as('anna'), {
    yaml: text,
  })
  expect(draft).toMatchObject({ status: 201 })
  const path = `/v1/policies/${draft.body.version}`
  expect(await system.call('enforcement', `${path}/approve`, as('ben'), { json: {} })).toMatchObject({
    status: 200,
  })
  const live = { json: { mode: 'live', rollout: 100 } }
  expect(await system.call('enforcement', `${path}/publish`, as('ben'), live)).toMatchObject({ status: 200 })
}

/** A senior takes back a removal that earned a strike. */
async function reverseOne(): Promise<string> {
  const decision = await system
    .database('enforcement')
    .collection<{ _id: string }>('decisions')
    .findOne({ measure: 'remove', state: 'in_force', 'strikeIds.0': { $exists: true } })
  const path = `/v1/decisions/${decision!._id}/reverse`
  const reasons = { json: { reasons: 'It was a quotation.' } }
  expect(await system.call('enforcement', path, { roles: ['senior'] }, reasons)).toMatchObject({
    status: 200,
  })
  return decision!._id
}

async function decisionState(id: string): Promise<string> {
  const { body } = await system.call<{ state: string }>('enforcement', `/v1/decisions/${id}`, {
    roles: ['senior'],
  })
  return body.state
}

/** Resolves when no strike counts any more, every measure with an end has ended, and the platforms have been told. */
async function lapsed(): Promise<void> {
  await eventually('everything lapsed', async () => {
    const accounts = system.database('enforcement').collection('accounts')
    const open = await accounts.countDocuments({
      $or: [{ points: { $gt: 0 } }, { 'steps.state': 'in_force' }, { 'pending.0': { $exists: true } }],
    })
    return open === 0
  })
  await system.drained(PLATFORMS)
  await quiet()
}

/** Resolves when the clock gives enforcement nothing more to tell: it looks every second. */
async function quiet(): Promise<void> {
  let end = -1
  let since = Date.now()
  await eventually('no more events', async () => {
    const now = await system.topicEnds('weir.events.v1')
    if (now !== end) since = Date.now()
    end = now
    return Date.now() - since > 4_000
  })
}

async function setClocks(urls: readonly string[]): Promise<void> {
  const now = new Date(Date.now() + 91 * DAY).toISOString()
  for (const url of urls) {
    const response = await fetch(`${url}/v1/test/clock`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ now }),
    })
    expect(response.status).toBe(200)
  }
}
