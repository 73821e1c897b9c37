import { afterAll, beforeAll, expect, it } from 'vitest'
import { floodAccount, largestDocuments, LOUD, PLATFORM } from './account/flood-account.js'
import { tell } from './faults/bench.js'
import { WeirSystem } from './harness/weir-system.js'

/** `npm run bench:account` is the long form, which also tells what each message costs and what others notice. */
const MESSAGES = 3_000
const MAX_BYTES = 1_000_000

let system: WeirSystem
beforeAll(async () => {
  system = await WeirSystem.start()
  expect((await system.register(PLATFORM)).status).toBe(201)
})
afterAll(() => system.stop())

it('an account with thousands of violating messages makes no document too large, and loses no point', async () => {
  const { largestAccount } = await floodAccount(system, MESSAGES, () => undefined)
  const sizes = await largestDocuments(system)
  tell('account flood', { messages: MESSAGES, largestAccount, ...Object.fromEntries(sizes) })
  for (const [name, size] of [...sizes, ['the account with its outbox', largestAccount] as const])
    expect(size, name).toBeLessThan(MAX_BYTES)
  const path = `/v1/accounts/${PLATFORM}/${LOUD}`
  const reader = { roles: ['auditor' as const] }
  const { body } = await system.call<{ points: number; level: number; strikes: unknown[] }>(
    'enforcement',
    path,
    reader,
  )
  expect(body).toMatchObject({ points: MESSAGES, level: 4 })
  expect(body.strikes).toHaveLength(1_000)
  const strikes = system.database('enforcement').collection('strikes')
  expect(await strikes.countDocuments({ accountId: LOUD })).toBe(MESSAGES)
  // The first 32 and the last.
  expect(await strikes.countDocuments({ accountId: LOUD, archived: null })).toBeLessThan(100)

  // A person decides on it: the decision names what the level rests on, not everything.
  const cases = await system.call<{ items: { caseId: string }[] }>(
    'enforcement',
    `/v1/cases?account=${LOUD}&state=open`,
    reader,
  )
  const decided = await system.call<{ strikesCounted: string[] }>(
    'enforcement',
    `/v1/cases/${cases.body.items[0]!.caseId}/decisions`,
    { roles: ['senior'] },
    { json: { measure: 'none', reasons: 'Seen.', messageIds: [] } },
  )
  expect(decided.status).toBe(201)
  expect(decided.body.strikesCounted.length).toBeLessThan(100)
})
