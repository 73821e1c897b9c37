import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { contentsById } from './faults/differences.js'
import { eventually, WeirSystem } from './harness/weir-system.js'

const TEXT = 'You have inherited a fortune: pay the release fee to receive your inheritance of $4,500,000'
const ACCOUNTS = 40
const BATCHES = ['under-1', 'under-2', 'under-1-again', 'rolled-out', 'widened', 'for-all'] as const

let system: WeirSystem

beforeAll(async () => {
  system = await WeirSystem.start({ KAFKA_SESSION_MS: '6000' })
  expect((await system.register('p1')).status).toBe(201)
  const yaml = await readFile('policies/default.yaml', 'utf8')
  const draft = await system.call('enforcement', '/v1/policies', editor('anna'), { yaml })
  expect(draft.status).toBe(201)
  expect(
    (await system.call('enforcement', '/v1/policies/2/approve', editor('ben'), { json: {} })).status,
  ).toBe(200)
})
afterAll(() => system.stop())

it('keeps the policy of every message, whatever is published after it: 1, 2, 1, a roll-out and its widening, restarted and replayed', async () => {
  await send('under-1')
  await publish('2', 100)
  await send('under-2')
  await publish('1', 100)
  await send('under-1-again')
  await publish('2', 20)
  await send('rolled-out')
  await publish('2', 60)
  await send('widened')
  await publish('2', 100)
  await send('for-all')

  const first = await versions()
  expect([...first.keys()].sort()).toEqual([...BATCHES].sort())
  const of = (batch: string) => [...new Set(first.get(batch)!.values())].sort()
  expect(['under-1', 'under-2', 'under-1-again', 'for-all'].map(of)).toEqual([['1'], ['2'], ['1'], ['2']])
  const covered = (batch: string) => [...first.get(batch)!].filter(([, version]) => version === '2')
  expect(covered('rolled-out').length).toBeGreaterThan(0)
  expect(covered('rolled-out').length).toBeLessThan(covered('widened').length)
  expect(covered('widened').length).toBeLessThan(ACCOUNTS)
  for (const [account] of covered('rolled-out')) expect(first.get('widened')!.get(account)).toBe('2')

  const before = await system.topicEnds('weir.verdicts.v1')
  await system.startAnew({ KAFKA_GROUP_PREFIX: 'again' })
  await system.drained(['p1'])
  expect(await system.topicEnds('weir.verdicts.v1')).toBeGreaterThan(before)
  const records = await system.readAll(['weir.verdicts.v1'])
  expect([...contentsById(records)].filter(([, contents]) => contents.size > 1)).toEqual([])
  expect(await versions()).toEqual(first)
})

function editor(subject: string) {
  return { roles: ['policy_editor'] as const, subject }
}

/** Resolves when it is in effect. */
async function publish(version: string, rollout: number): Promise<void> {
  const json = { mode: 'live', rollout }
  const answer = await system.call('enforcement', `/v1/policies/${version}/publish`, editor('ben'), { json })
  expect(answer.status).toBe(200)
}

/** One message of each account. Resolves when all are judged. */
async function send(batch: string): Promise<void> {
  const values = Array.from({ length: ACCOUNTS }, (_, i) => ({
    messageId: batch,
    accountId: `a${i}`,
    visibility: 'public',
    sentAt: new Date().toISOString(),
    text: TEXT,
  }))
  await system.produce(
    'weir.in.p1.messages.v1',
    values.map((value) => ({ key: value.accountId, value })),
  )
  await eventually(`${batch} is judged`, async () => (await versions()).get(batch)?.size === ACCOUNTS)
}

/** By batch and account: the version that judged. */
async function versions(): Promise<Map<string, Map<string, string>>> {
  const found = new Map<string, Map<string, string>>()
  for (const { value } of await system.readAll(['weir.verdicts.v1'])) {
    const verdict = JSON.parse(String(value)) as {
      messageId: string
      accountId: string
      policyVersion: string
    }
    const ofBatch = found.get(verdict.messageId) ?? new Map<string, string>()
    ofBatch.set(verdict.accountId, verdict.policyVersion)
    found.set(verdict.messageId, ofBatch)
  }
  return found
}
