import { spawn } from 'node:child_process'
import { beforeAll, expect, it } from 'vitest'
import { DeadLetterTopic, Topics } from '#libs/contracts/catalogue'
import { freshPrefix, send, testEnv } from '#libs/runtime/kafka/kafka.fixture'
import { TopicsAdmin } from '#libs/runtime/kafka/topics-admin'
import { createLogger } from '#libs/runtime/logger'
import { builtFile } from '#libs/testing/service-process'

/** Letters that only somebody else, or a foreign producer whose record died, could have made. */

const REASON = `odd-${freshPrefix()}`
const TOPIC = Topics.sightings.name
const SINCE = new Date().toISOString()

async function weir(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [builtFile('apps/cli/main.js'), 'dead-letters', ...args])
  const [out, err]: [Buffer[], Buffer[]] = [[], []]
  child.stdout.on('data', (part: Buffer) => out.push(part))
  child.stderr.on('data', (part: Buffer) => err.push(part))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() }
}

type Header = string | Buffer | null | (string | Buffer | null)[]
const OURS = {
  'weir-reason': REASON,
  'weir-path': '',
  'weir-topic': TOPIC,
  'weir-partition': '0',
  'weir-offset': '1',
  'weir-attempts': '1',
  'weir-service': 'enforcement',
}
const withOurs = (own: [string, Header][], over: Record<string, Header> = {}): Record<string, Header> =>
  Object.fromEntries([...own, ...Object.entries({ ...OURS, ...over })])

/** The first eight can be redriven, the last four cannot. */
const LETTERS: Record<string, Header>[] = [
  withOurs([]),
  withOurs([['a', null]]),
  withOurs([['__proto__', 'x']]),
  withOurs([['__proto__', ['x', 'y', null]]]),
  withOurs([['a', ['1', '2']]]),
  withOurs([['', 'no name']]),
  withOurs([['a', Buffer.from([0xff, 0x1b])]]),
  withOurs([['big', Buffer.alloc(50_000, 'x')]], { 'weir-service': null, 'weir-attempts': ['2', '3'] }),
  withOurs([], { 'weir-partition': null }),
  withOurs([], { 'weir-partition': '999' }),
  withOurs([], { 'weir-topic': 'no such topic/at all' }),
  withOurs([], { 'weir-topic': DeadLetterTopic.name }),
]

let addresses: string[]

beforeAll(async () => {
  await new TopicsAdmin(testEnv(), createLogger('test', 'silent')).createMissing()
  await send(DeadLetterTopic.name, [
    { key: null, value: null, partition: 0 },
    { key: null, value: 'by others', partition: 0, headers: { 'weir-reason': null } as never },
    ...LETTERS.map((headers) => ({ key: null, value: '{', partition: 0, headers: headers as never })),
  ])
  const { out } = await weir('list', '--reason', REASON, '--from', SINCE, '--json')
  addresses = out
    .split('\n')
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { letter: string }).letter)
})

it('are listed, and each is shown', async () => {
  expect(addresses).toHaveLength(LETTERS.length)
  for (const address of addresses) {
    const { code, out, err } = await weir('show', address)
    expect([code, err]).toEqual([0, ''])
    expect(out).toContain(REASON)
    expect(out).not.toContain('\u001b')
  }
  expect((await weir('show', addresses[1]!)).out).toMatch(/^a +\(none\)$/m)
  expect((await weir('show', addresses[2]!)).out).toMatch(/^__proto__ +x$/m)
}, 240_000)

it('are redriven but for those that cannot be, which are named, and the exit code says so', async () => {
  const { code, out, err } = await weir('redrive', '--reason', REASON, '--from', SINCE)
  expect(out).toContain('redrove 8 of 8 letters')
  for (const address of addresses.slice(8))
    expect(out).toMatch(new RegExp(`^not redriven: ${address}: `, 'm'))
  expect([code, err]).toEqual([1, 'weir: letters that were not redriven: 4\n'])
  const again = await weir('redrive', '--reason', REASON, '--from', SINCE)
  expect([again.code, again.out]).toEqual([1, expect.stringContaining('redrove 0 of 0')])
})
