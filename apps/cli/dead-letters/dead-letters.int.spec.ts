import 'reflect-metadata'
import { Injectable, type INestMicroservice } from '@nestjs/common'
import { spawn } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DeadLetterTopic, Topics } from '#libs/contracts/catalogue'
import type { Sighting } from '#libs/contracts/measures-in-force'
import { PermanentError } from '#libs/runtime/errors'
import { BatchHandler } from '#libs/runtime/kafka/batch-handler'
import type { Batch, InRecord } from '#libs/runtime/kafka/batch'
import { freshPrefix, send, startService, testEnv, until } from '#libs/runtime/kafka/kafka.fixture'
import { KafkaHealth } from '#libs/runtime/kafka/kafka-health'
import { TopicsAdmin } from '#libs/runtime/kafka/topics-admin'
import { createLogger } from '#libs/runtime/logger'
import { builtFile } from '#libs/testing/service-process'

const TOPIC = Topics.sightings.name
const MARK = freshPrefix()

interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
  readonly bytes: Buffer
}

/** `npm run weir -- dead-letters …`; with `interruptAt`, Ctrl-C once the condition holds. */
async function weir(args: string[], interruptAt?: () => Promise<boolean>): Promise<Ran> {
  const child = spawn(process.execPath, [builtFile('apps/cli/main.js'), 'dead-letters', ...args])
  const [out, err]: [Buffer[], Buffer[]] = [[], []]
  child.stdout.on('data', (part: Buffer) => out.push(part))
  child.stderr.on('data', (part: Buffer) => err.push(part))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  if (interruptAt) {
    await until(interruptAt, 'the moment of Ctrl-C')
    child.kill('SIGINT')
  }
  const code = await ended
  const bytes = Buffer.concat(out)
  return { code, out: bytes.toString(), err: Buffer.concat(err).toString(), bytes }
}

interface Listed {
  letter: string
  reason: string
  path: string
  offset: string
  redrives: number
  redrivenFrom: string | null
  redriven: boolean
  truncated: boolean
}

/** The letters of this test, by the key of its records. */
async function listed(...args: string[]): Promise<Listed[]> {
  const { out } = await weir(['list', '--topic', TOPIC, '--from', SINCE, '--json', ...args])
  return out
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Listed)
}

const sighting = (messageId: string): Sighting => ({
  sightingId: `si_${messageId}`,
  platformId: 'p1',
  accountId: 'a1',
  messageId: `${MARK}-${messageId}`,
  directiveId: 'd1',
  kind: 'suspend_account',
  at: '2026-11-24T07:00:00Z',
})

const seen: InRecord<Sighting>[] = []
let broken = true

@Injectable()
class Handler {
  @BatchHandler(Topics.sightings)
  async on(batch: Batch<Sighting>): Promise<void> {
    for (const record of batch.records) {
      if (!record.value.messageId.startsWith(MARK)) continue
      if (broken && record.value.messageId.includes('bug')) throw new TypeError('a bug')
      if (broken && record.value.messageId.includes('policy')) {
        batch.deadLetter(record, new PermanentError('no-such-clause', 'No.', '/clause'))
        continue
      }
      seen.push(record)
    }
  }
}

/** One effect for each id, however often its record comes: what every handler of ours does. */
const effects = (): string[] => [...new Set(seen.map(({ value }) => value.sightingId))].sort()

const SINCE = new Date().toISOString()
let app: INestMicroservice
let all: Listed[]

beforeAll(async () => {
  await new TopicsAdmin(testEnv(), createLogger('test', 'silent')).createMissing()
  app = await startService('enforcement', testEnv({ KAFKA_GROUP_PREFIX: freshPrefix() }), [Handler])
  await until(() => app.get(KafkaHealth).ready().ok, 'ready')
  await send(TOPIC, [
    { key: MARK, value: JSON.stringify(sighting('good')) },
    { key: MARK, value: JSON.stringify(sighting('bug')) },
    { key: MARK, value: JSON.stringify(sighting('policy')) },
    { key: MARK, value: `${MARK} {` },
    { key: MARK, value: Buffer.from([0xff, 0xfe, 0x1b]) },
    { key: MARK, value: JSON.stringify({ ...sighting('schema'), at: 'yesterday' }) },
    { key: MARK, value: null },
  ])
  await until(async () => (all = await listed()).length === 6, 'six letters', 60_000)
})

afterAll(() => app.close())

const letterFor = (reason: string): string => all.find((one) => one.reason === reason)!.letter

describe('weir dead-letters list', () => {
  it('tells of each letter its reason and where it came from, and nothing of what it holds', async () => {
    expect(all.map(({ reason, path }) => [reason, path]).sort()).toEqual([
      ['handler-failed', 'TypeError'],
      ['no-such-clause', '/clause'],
      ['not-json', ''],
      ['not-json', ''],
      ['not-utf8', ''],
      ['schema', '/at'],
    ])
    const { code, out } = await weir(['list', '--topic', TOPIC, '--from', SINCE])
    expect([code, out.split('\n')[0]]).toEqual([0, expect.stringMatching(/^LETTER +TIME +REASON/)])
    expect(out).toContain(letterFor('schema'))
    expect(out).not.toContain(MARK)
  })

  it('takes filters, and counts', async () => {
    expect((await listed('--reason', 'schema')).map(({ letter }) => letter)).toEqual([letterFor('schema')])
    expect(await listed('--platform', 'nobody')).toEqual([])
    const { out } = await weir(['list', '--topic', TOPIC, '--from', SINCE, '--summary'])
    expect(out).toMatch(/^2 +not-json +weir\.sightings\.v1$/m)
    expect(out).toMatch(/^6 in all$/m)
    const few = await weir(['list', '--topic', TOPIC, '--from', SINCE, '--limit', '1'])
    expect(few.out).toContain('the newest 1 of 6')
  })

  it('says what is wrong with a question', async () => {
    const wrong = await weir(['list', '--from', 'yesterday'])
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('2026-11-24T07:00:00Z')])
  })
})

describe('weir dead-letters show', () => {
  it('prints the bytes of one letter harmlessly, or as they are', async () => {
    const letter = letterFor('not-utf8')
    const shown = await weir(['show', letter])
    expect(shown.out).toContain('00000000  ff fe 1b')
    expect(shown.out).toMatch(/^weir-reason +not-utf8$/m)
    expect(shown.out).not.toContain('\u001b')
    expect((await weir(['show', letter, '--raw'])).bytes).toEqual(Buffer.from([0xff, 0xfe, 0x1b]))
  })

  it('says that there is none', async () => {
    const none = await weir(['show', '0/999999999'])
    expect([none.code, none.err]).toEqual([1, 'weir: there is no letter at 0/999999999\n'])
  })
})

describe('weir dead-letters redrive', () => {
  it('wants to know which', async () => {
    for (const args of [[], ['--all', '--reason', 'x'], ['0/1', '--all']])
      expect((await weir(['redrive', ...args])).code).toBe(2)
  })

  it('does nothing on a dry run', async () => {
    const dry = await weir(['redrive', '--topic', TOPIC, '--from', SINCE, '--dry-run'])
    expect([dry.code, dry.out]).toEqual([0, `letters that would be redriven: 6\n6 to ${TOPIC}\n`])
    expect((await listed()).some(({ redriven }) => redriven)).toBe(false)
  })

  it('after the bug is fixed gives each record its one effect, and what is still wrong dies again, counted', async () => {
    expect(effects()).toEqual(['si_good'])
    broken = false
    const done = await weir(['redrive', '--topic', TOPIC, '--from', SINCE, '--rate', '1000'])
    expect([done.code, done.out, done.err]).toEqual([0, 'redrove 6 of 6 letters\n', ''])
    await until(() => effects().length === 3, 'both are accepted')
    await until(async () => (await listed()).length === 10, 'four died again')
    const again = (await listed()).filter(({ redrives }) => redrives === 1)
    expect(again.map(({ reason }) => reason).sort()).toEqual(['not-json', 'not-json', 'not-utf8', 'schema'])
    expect(again.map(({ redrivenFrom }) => redrivenFrom)).toContain(letterFor('not-utf8'))
    const bytes = await weir(['show', again.find(({ reason }) => reason === 'not-utf8')!.letter, '--raw'])
    expect(bytes.bytes).toEqual(Buffer.from([0xff, 0xfe, 0x1b]))
    const accepted = seen.find(({ value }) => value.sightingId === 'si_bug')!
    expect([accepted.key, accepted.value]).toEqual([MARK, sighting('bug')])
    expect(accepted.headers).toEqual({ 'weir-redriven': letterFor('handler-failed'), 'weir-redrives': '1' })
  })

  it('refuses to do it twice, unless told to, and even then there is one effect', async () => {
    const letter = letterFor('handler-failed')
    const records = (): number => seen.filter(({ value }) => value.sightingId === 'si_bug').length
    const refused = await weir(['redrive', letter])
    expect([refused.code, refused.out]).toEqual([1, expect.stringContaining('was redriven already')])
    const filtered = await weir(['redrive', '--topic', TOPIC, '--from', SINCE, '--reason', 'handler-failed'])
    expect([filtered.code, filtered.out]).toEqual([0, expect.stringContaining('redrove 0 of 0')])
    expect(records()).toBe(1)
    expect((await weir(['redrive', letter, '--again'])).out).toBe('redrove 1 of 1 letters\n')
    await until(() => records() === 2, 'the record comes again')
    expect(effects()).toEqual(['si_bug', 'si_good', 'si_policy'])
  })

  it('refuses a letter that was cut off, and one whose topic is gone', async () => {
    const at = { key: MARK, value: 'x' }
    const given = { 'weir-reason': 'schema', 'weir-partition': '0', 'weir-offset': '1', 'weir-service': 'x' }
    const headers = [
      { ...given, 'weir-topic': TOPIC, 'weir-truncated': '3000000' },
      { ...given, 'weir-topic': `weir.in.gone-${MARK}.messages.v1` },
    ]
    await send(
      DeadLetterTopic.name,
      headers.map((one) => ({ ...at, headers: one })),
    )
    const cut = await weir(['redrive', '--topic', TOPIC, '--from', SINCE, '--reason', 'schema', '--dry-run'])
    expect([cut.code, cut.out]).toEqual([1, expect.stringContaining('was cut off')])
    const gone = await weir(['redrive', '--platform', `gone-${MARK}`])
    expect([gone.code, gone.out, gone.err]).toEqual([
      1,
      expect.stringContaining(`weir.in.gone-${MARK}.messages.v1 does not exist`),
      'weir: letters that were not redriven: 1\n',
    ])
  })

  it('stops at Ctrl-C, says how far it got, and goes on when called again', async () => {
    const before = (await listed()).length
    await send(
      TOPIC,
      Array.from({ length: 40 }, (_, i) => ({ key: MARK, value: `${i}` })),
    )
    const args = ['redrive', '--topic', TOPIC, '--from', SINCE, '--reason', 'schema', '--limit', '40']
    await until(async () => (await listed()).length === before + 40, 'forty letters', 60_000)
    const died = async (): Promise<boolean> =>
      (await listed('--limit', '1000')).filter(({ redrives }) => redrives > 0).length >= 8
    const stopped = await weir([...args, '--rate', '4'], died)
    const [, sent, planned] = /^redrove (\d+) of (\d+) letters$/m.exec(stopped.out)!
    expect([stopped.code, stopped.err]).toEqual([1, expect.stringContaining('The same command goes on')])
    expect(Number(sent)).toBeGreaterThan(0)
    expect(Number(sent)).toBeLessThan(Number(planned))
    const rest = await weir([...args, '--rate', '1000'])
    expect(rest.out).toMatch(/^redrove 40 of 40 letters$/m)
  })
})
