import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Directive } from '#libs/contracts/directive'
import type { Verdict } from '#libs/contracts/verdict'
import { readEnv, ServiceEnv } from '#libs/runtime/env'
import { PermanentError } from '#libs/runtime/errors'
import { DeadLetters } from '#libs/runtime/kafka/dead-letters'
import { Publisher } from '#libs/runtime/kafka/publisher'
import { ALONE } from '#libs/runtime/limits/alone.fixture'
import { createLogger } from '#libs/runtime/logger'
import { runTool } from '#libs/testing/run-tool'
import { builtFile } from '#libs/testing/service-process'
import { eventually, jsonOf, type OutsideRecord, WeirSystem } from './harness/weir-system.js'

const HARMFUL = 'You have inherited a fortune: pay the release fee to receive your inheritance of $4,500,000'
const TOPIC = 'weir.in.p1.messages.v1'

let system: WeirSystem
let directives: OutsideRecord[]
let verdicts: OutsideRecord[]
let accepted: OutsideRecord[]

const message = (messageId: string, accountId: string): object => ({
  messageId,
  accountId,
  visibility: 'public',
  sentAt: new Date().toISOString(),
  text: HARMFUL,
})
const of = <T>(records: OutsideRecord[], accountId: string): T[] =>
  records
    .map((record) => jsonOf<T & { accountId: string }>(record))
    .filter((one) => one.accountId === accountId)

/** A good message that ingestion gave up, by a bug that is mended since. */
async function giveUp(value: object): Promise<void> {
  const env = readEnv(ServiceEnv, system.env)
  const publisher = new Publisher(env, 'ingestion', createLogger('ingestion', 'silent'))
  const raw = { topic: TOPIC, partition: 1, offset: '0', timestamp: '0', key: Buffer.from('acc-1') }
  const error = new PermanentError('handler-failed', 'No.', 'TypeError')
  const bytes = Buffer.from(JSON.stringify(value))
  await new DeadLetters(publisher, 'ingestion', env, ALONE).keep([
    { raw: { ...raw, value: bytes, headers: undefined }, error, attempts: 3 },
  ])
  await publisher.onApplicationShutdown()
}

async function redrive(...args: string[]): Promise<string> {
  const command = [builtFile('apps/cli/main.js'), 'dead-letters', 'redrive', ...args]
  const { code, output } = await runTool(process.execPath, command, {
    env: { ...process.env, ...system.env },
  })
  expect(code, output).toBe(0)
  return output
}

beforeAll(async () => {
  system = await WeirSystem.start()
  expect((await system.register('p1')).status).toBe(201)
  directives = await system.follow('weir.out.p1.directives.v1')
  verdicts = await system.follow('weir.verdicts.v1')
  accepted = await system.follow('weir.messages.v1')
})
afterAll(() => system?.stop())

it('a message that was given up by a bug earns, redriven once or three times, one strike and one of each directive', async () => {
  await giveUp(message('m-1', 'acc-1'))
  expect(await redrive('--reason', 'handler-failed')).toContain('redrove 1 of 1')
  await eventually('a removal and a warning', () => of<Directive>(directives, 'acc-1').length === 2)
  const first = of<Directive>(directives, 'acc-1').map(({ directiveId }) => directiveId)

  for (const times of [2, 3]) {
    // It forgets what it has passed on, so that the record goes all the way again.
    await system.services.ingestion.restart()
    expect(await redrive('--reason', 'handler-failed', '--again')).toContain('redrove 1 of 1')
    await eventually('the record passes again', () => of(accepted, 'acc-1').length === times)
  }
  await system.drained(['p1'])

  expect(new Set(of<Verdict>(verdicts, 'acc-1').map(({ verdictId }) => verdictId)).size).toBe(1)
  expect(new Set(of<Directive>(directives, 'acc-1').map(({ directiveId }) => directiveId))).toEqual(
    new Set(first),
  )
  const { body } = await system.call<{ strikes: unknown[] }>('enforcement', '/v1/accounts/p1/acc-1', {
    roles: ['moderator'],
  })
  expect(body.strikes).toHaveLength(1)
})
