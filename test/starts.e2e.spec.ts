import kafkajs, { type Producer } from 'kafkajs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SERVICES, type ServiceName } from '#libs/contracts/catalogue'
import type { Directive } from '#libs/contracts/directive'
import { signLocalToken } from '#libs/runtime/auth/local-token'
import { freePort } from '#libs/testing/free-port'
import { type GuardedProcess, spawnGuarded } from '#libs/testing/guarded-process'
import { withoutServers } from '#libs/testing/parent.fixture'
import { projectRoot } from '#libs/testing/project-root'
import { eventually } from './harness/weir-system.js'
import { outsideKafka } from './harness/outside-kafka.js'

const HARMFUL = 'You have inherited a fortune: pay the release fee to receive your inheritance of $4,500,000'
const TOPICS_OF_LATE = [
  'weir.in.late.messages.v1',
  'weir.in.late.receipts.v1',
  'weir.out.late.directives.v1',
].sort()

interface Registered {
  id: string
  topicsMissing?: string[]
  command?: string
}

let folder: string
/** All that a user says: where the two servers listen. */
let env: NodeJS.ProcessEnv
let kafka: kafkajs.Kafka
let producer: Producer
const ports = {} as Record<ServiceName, number>
const running: GuardedProcess[] = []

/** As a user does in a terminal. */
function npmRun(args: string[], more: NodeJS.ProcessEnv = {}): GuardedProcess {
  const npm = spawnGuarded('npm', ['run', '--silent', ...args], {
    env: { ...env, ...more },
    cwd: projectRoot,
  })
  running.push(npm)
  return npm
}

async function untilReady(name: string, port: number, terminal: GuardedProcess): Promise<void> {
  await eventually(
    `${name} is ready`,
    async () => {
      if (!terminal.running) throw new Error(`${name} ended: ${terminal.output()}`)
      return isReady(port)
    },
    120,
  )
}

async function isReady(port: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => undefined)
  await answer?.body?.cancel()
  return answer?.status === 200
}

async function register(port: number, id: string): Promise<{ status: number; body: Registered }> {
  const token = await signLocalToken(join(folder, 'keys'), { roles: ['admin'], subject: 'admin-1' })
  const response = await fetch(`http://127.0.0.1:${port}/v1/platforms`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ id, name: id, contacts: [] }),
  })
  return { status: response.status, body: (await response.json()) as Registered }
}

/** Publishes one harmful message as a platform does, and waits for the order to remove it. */
async function expectRemoval(platformId: string): Promise<void> {
  const value = { messageId: 'm-1', accountId: 'a-1', visibility: 'public', text: HARMFUL }
  await producer.send({
    topic: `weir.in.${platformId}.messages.v1`,
    messages: [{ key: 'a-1', value: JSON.stringify({ ...value, sentAt: new Date().toISOString() }) }],
  })
  const found: Directive[] = []
  const consumer = kafka.consumer({ groupId: `outside-${platformId}`, allowAutoTopicCreation: false })
  await consumer.connect()
  await consumer.subscribe({ topic: `weir.out.${platformId}.directives.v1`, fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ message }) => void found.push(JSON.parse(String(message.value)) as Directive),
  })
  await eventually(`${platformId} is told to remove it`, () =>
    found.some(({ kind, messageIds }) => kind === 'remove_message' && messageIds[0] === 'm-1'),
  )
  await consumer.disconnect()
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-starts-'))
  const [kafkaPort, mongoPort] = [await freePort(), await freePort()]
  env = {
    ...withoutServers(),
    WEIR_KAFKA_PORT: String(kafkaPort),
    WEIR_MONGO_PORT: String(mongoPort),
    WEIR_DATA_DIR: folder,
    LOCAL_KEY_DIR: join(folder, 'keys'),
  }
  const stack = npmRun(['stack'])
  await eventually(
    'the stack is ready',
    () => {
      if (!stack.running) throw new Error(`the stack ended: ${stack.output()}`)
      return stack.output().includes('stack ready')
    },
    300,
  )
  for (const name of SERVICES) ports[name] = await freePort()
  const terminals = SERVICES.map((name) => npmRun([`start:${name}`], { PORT: String(ports[name]) }))
  await Promise.all(SERVICES.map((name, i) => untilReady(name, ports[name], terminals[i]!)))
  kafka = outsideKafka(`127.0.0.1:${kafkaPort}`)
  producer = kafka.producer({ allowAutoTopicCreation: false })
  await producer.connect()
})
afterAll(async () => {
  await producer?.disconnect()
  for (const one of running.reverse()) await one.stop(45_000)
  await rm(folder, { recursive: true, force: true })
})

describe('the stack and the services, each in its own terminal', () => {
  it('are a system that works', async () => {
    const { status, body } = await register(ports.enforcement, 'p1')
    expect(status).toBe(201)
    expect(body).not.toHaveProperty('topicsMissing')
    await expectRemoval('p1')
  })

  it('name the topics that a service may not create, wait for them well, and consume them when the command has run', async () => {
    const port = await freePort()
    await untilReady(
      'another',
      port,
      npmRun(['start:enforcement'], { PORT: String(port), TOPICS_MANAGE: '0' }),
    )
    const { status, body } = await register(port, 'late')
    expect(status).toBe(201)
    expect(body.topicsMissing?.sort()).toEqual(TOPICS_OF_LATE)
    expect(body.command).toBe('npm run weir -- topics apply')
    const again = await register(port, 'late')
    expect([again.status, again.body.topicsMissing?.sort()]).toEqual([200, TOPICS_OF_LATE])

    const third = await freePort()
    await untilReady('one more', third, npmRun(['start:ingestion'], { PORT: String(third) }))
    expect(await Promise.all(SERVICES.map((name) => isReady(ports[name])))).toEqual([true, true, true, true])

    const apply = npmRun(['weir', '--', 'topics', 'apply'])
    expect(await apply.exited).toMatchObject({ code: 0 })
    for (const topic of TOPICS_OF_LATE) expect(apply.output()).toContain(topic)
    expect((await register(port, 'late')).body).not.toHaveProperty('topicsMissing')
    await expectRemoval('late')
  })

  it.each(SERVICES)('say in one sentence that the port of %s is taken', async (name) => {
    const second = npmRun([`start:${name}`], { PORT: String(ports[name]) })
    expect(await second.exited).toMatchObject({ code: 1 })
    expect(second.output()).toBe(
      `weir: Port ${ports[name]} of 127.0.0.1, for ${name}, is taken by another program: ` +
        'end that one, or choose another port with PORT.\n',
    )
  })
})
