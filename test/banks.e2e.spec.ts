import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ServiceProcess } from '#libs/testing/service-process'
import { eventually, jsonOf, WeirSystem } from './harness/weir-system.js'

const WORD = {
  id: 'fraud/zebra',
  category: 'fraud',
  score: 0.95,
  terms: ['zebra crossing bargain'],
  act: true,
}

let system: WeirSystem
let second: ServiceProcess

beforeAll(async () => {
  system = await WeirSystem.start()
  await system.register('p1')
  second = await system.startAnother('classification')
})
afterAll(() => system.stop())

it('an entry that is added holds on every instance some seconds later, and no more once it is removed', async () => {
  const editor = { roles: ['policy_editor'] as const, subject: 'anna' }
  expect(await outcomes()).toEqual(['clear', 'clear'])
  const added = await system.call<{ entryId: string }>('enforcement', '/v1/banks/words/entries', editor, {
    json: WORD,
  })
  expect(added.status).toBe(201)
  await are('review')
  await send('m-1')
  const verdicts = await system.follow('weir.verdicts.v1')
  await eventually('the verdict', () => verdicts.length > 0)
  const { outcome, bankVersions } = jsonOf<{ outcome: string; bankVersions: Record<string, string> }>(
    verdicts[0]!,
  )
  // One person alone wrote it: whatever it asks for, it leads to review.
  expect([outcome, Number(bankVersions['words'])]).toEqual(['review', 2])
  const decisionId = await warned()
  const path = `/v1/banks/words/entries/${added.body.entryId}`
  expect((await system.call('enforcement', path, editor, { method: 'DELETE' })).status).toBe(200)
  await are('clear')
  // What was decided rests on versions that judge no more, and comes to the same by them.
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['dist/apps/cli/main.js', 'explain', '--decision', decisionId, '--url', system.services.enforcement.url],
    { env: { ...process.env, ...system.env, WEIR_TOKEN: await system.token({ roles: ['auditor'] }) } },
  )
  expect(stdout).toContain('[[zebra crossing bargain]]')
  expect(stdout).toContain('words 2')
  expect(stdout).toContain('recomputed from what it names: the same')
})

/** A person decides on the message that was found. */
async function warned(): Promise<string> {
  const senior = { roles: ['senior'] as const, subject: 'sue' }
  const { caseId } = await eventually('the case', async () => {
    const { body } = await system.call<{ items: { caseId: string }[] }>('enforcement', '/v1/cases', senior)
    return body.items[0]
  })
  const path = `/v1/cases/${caseId}`
  const { body } = await system.call<{ decisionId: string }>('enforcement', `${path}/decisions`, senior, {
    json: {
      measure: 'label',
      clause: 'fraud.advance-fee',
      reasons: 'A bargain that is none.',
      messageIds: ['m-1'],
    },
  })
  return body.decisionId
}

/** Resolves when every instance says so, and prints how long that took. */
async function are(outcome: string): Promise<void> {
  const start = performance.now()
  await eventually(outcome, async () => (await outcomes()).every((one) => one === outcome))
  console.log(`${outcome} on both instances after ${((performance.now() - start) / 1_000).toFixed(1)} s`)
}

/** What each instance says of a message with the word. */
async function outcomes(): Promise<string[]> {
  const token = await system.token({ roles: ['platform'], platform: 'p1' })
  const urls = [system.services.classification.url, second.url]
  return Promise.all(
    urls.map(async (url) => {
      const answer = await fetch(`${url}/v1/classify`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(message('m-0')),
      })
      return ((await answer.json()) as { outcome: string }).outcome
    }),
  )
}

const message = (messageId: string) => ({
  ...{ messageId, accountId: 'acc-1', visibility: 'public', sentAt: '2026-11-24T07:00:00Z' },
  text: 'The zebra crossing bargain of the year: write to vx: zebra12345',
})

const send = (messageId: string) =>
  system.produce('weir.in.p1.messages.v1', [{ key: 'acc-1', value: message(messageId) }])
