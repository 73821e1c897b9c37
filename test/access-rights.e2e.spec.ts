import kafkajs, { type Consumer, type Kafka, type Producer } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SERVICES, type ServiceName, type TopicSpec, Topics } from '#libs/contracts/catalogue'
import type { Directive } from '#libs/contracts/directive'
import { COLLECTIONS } from '#libs/contracts/mongo-access'
import { applyTopics } from '#libs/testing/apply-topics'
import { runTool } from '#libs/testing/run-tool'
import { builtFile } from '#libs/testing/service-process'
import { KafkaProbe, PROBED, type ProbedOperation } from './access-rights/kafka-probe.js'
import { MONGO_PROBED, type MongoOperation, MongoProbe } from './access-rights/mongo-probe.js'
import { SecureSystem } from './access-rights/secure-system.js'
import { type TopicRow, topicRows } from './access-rights/topic-rows.js'
import { MailSink } from './demo/mail-sink.js'
import { outsideKafka } from './harness/outside-kafka.js'
import { eventually } from './harness/weir-system.js'

const HARMFUL = 'You have inherited a fortune: pay the release fee to receive your inheritance of $4,500,000'
/** One is the beginning of the other. */
const PLATFORMS = ['p1', 'p10']

let secure: SecureSystem
let mails: MailSink

beforeAll(async () => {
  mails = await MailSink.start()
  secure = await SecureSystem.start(PLATFORMS, { SMTP_URL: mails.url, NOTICE_KEEP_DAYS: '31' })
})
afterAll(async () => {
  await secure.stop()
  await mails.stop()
})

describe('with just the rights that `weir users plan` prints', () => {
  let kafka: Kafka
  let producer: Producer
  let consumer: Consumer
  const directives: Directive[] = []

  beforeAll(async () => {
    kafka = outsideKafka(secure.stack.userBrokers, secure.loginOf('weir-p1-platform'))
    // As the clients of most languages do by default: idempotent, which needs no right of its own.
    producer = kafka.producer({ allowAutoTopicCreation: false, idempotent: true })
    consumer = kafka.consumer({ groupId: 'weir.platform.p1.reader', allowAutoTopicCreation: false })
    await Promise.all([producer.connect(), consumer.connect()])
  })
  afterAll(() => Promise.all([producer.disconnect(), consumer.disconnect()]))

  it('a platform is registered, and its topics are made by those who run Weir', async () => {
    const contacts = [{ name: 'Duty desk', email: 'duty@p1.example' }]
    for (const id of PLATFORMS) {
      const { status, body } = await secure.system.register(id, { contacts })
      expect(status).toBe(201)
      expect((body as { topicsMissing: string[] }).topicsMissing).toHaveLength(3)
    }
    await applyTopics(secure.system.env)
    for (const id of PLATFORMS) {
      const { body } = await secure.system.register(id, { contacts })
      expect((body as { topicsMissing?: string[] }).topicsMissing ?? []).toEqual([])
    }
  })

  it('its harmful message leads to a directive that it reads, and its receipt comes back', async () => {
    await consumer.subscribe({ topics: ['weir.out.p1.directives.v1'], fromBeginning: true })
    await consumer.run({
      eachMessage: async ({ message }) => {
        directives.push(JSON.parse(message.value!.toString()) as Directive)
      },
    })
    const message = { messageId: 'm-1', accountId: 'acc-1', visibility: 'public', text: HARMFUL }
    const value = JSON.stringify({ ...message, sentAt: new Date().toISOString() })
    await producer.send({ topic: 'weir.in.p1.messages.v1', messages: [{ key: 'acc-1', value }] })
    const removal = await eventually('a removal', () =>
      directives.find(({ kind }) => kind === 'remove_message'),
    )
    expect(removal).toMatchObject({ accountId: 'acc-1', messageIds: ['m-1'] })

    const { directiveId } = removal
    const receipt = JSON.stringify({ directiveId, status: 'done', at: new Date().toISOString() })
    await producer.send({ topic: 'weir.in.p1.receipts.v1', messages: [{ key: 'acc-1', value: receipt }] })
    await eventually('its receipt', async () => {
      const path = `/v1/directives/${directiveId}`
      const { body } = await secure.system.call('enforcement', path, { roles: ['moderator'] })
      return (body as { state: string }).state === 'done'
    })
  })

  it('a message by REST is stored where the platform would put it, and a notice is delivered', async () => {
    const as = { roles: ['platform'], platform: 'p10' } as const
    const message = { messageId: 'm-2', accountId: 'acc-2', visibility: 'public', text: HARMFUL }
    const json = { messages: [{ ...message, sentAt: new Date().toISOString() }] }
    expect((await secure.system.call('ingestion', '/v1/messages', as, { json })).status).toBe(202)
    const told = await eventually('a mail', () =>
      [...mails.mails.values()].find(({ to }) => to.includes('p1.example')),
    )
    const path = '/v1/notices?state=delivered'
    await eventually('a delivery that is known', async () => {
      const { body } = await secure.system.call('notification', path, { roles: ['admin'] })
      return (body as { items: { noticeId: string }[] }).items.some(
        ({ noticeId }) => noticeId === told.noticeId,
      )
    })
  })

  it('a list that begins with no collection is answered', async () => {
    const path = '/v1/accounts/p1/acc-1/related'
    const { status } = await secure.system.call('enforcement', path, { roles: ['moderator'] })
    expect(status).toBe(200)
  })

  it('what cannot be handled is kept as a dead letter, which those who run Weir put back', async () => {
    await producer.send({ topic: 'weir.in.p1.messages.v1', messages: [{ key: null, value: 'no JSON' }] })
    const letters = (): Promise<number> => secure.system.topicEnds('weir.dead-letters.v1')
    await eventually('a dead letter', async () => (await letters()) > 0)
    const redrive = [builtFile('apps/cli/main.js'), 'dead-letters', 'redrive', '--all']
    const { code, output } = await runTool(process.execPath, redrive, {
      env: { ...process.env, ...secure.system.env },
    })
    expect(code, output).toBe(0)
    await eventually('it again, and the mark beside it', async () => (await letters()) === 3)
  })

  it('no service was refused anything that it does', () => {
    const refused = Object.values(secure.system.services).flatMap((service) =>
      service
        .output()
        .split('\n')
        .filter((line) => /not authorized|AUTHORIZATION_FAILED/i.test(line)),
    )
    expect(refused).toEqual([])
  })

  it('nobody is let in with a wrong password', async () => {
    const login = secure.loginOf('weir-p1-platform')
    const wrong = { ...login, sasl: { ...login.sasl, password: 'wrong' } as typeof login.sasl }
    await expect(KafkaProbe.as(secure.stack.userBrokers, wrong)).rejects.toMatchObject({
      name: 'KafkaJSSASLAuthenticationError',
    })
  })
})

it('a service takes no other errand than to make its indexes', async () => {
  const { code, output } = await runTool(process.execPath, [builtFile('apps/ingestion/main.js'), 'index'])
  expect([code, output]).toEqual([1, expect.stringContaining('index: the only argument is \\"indexes\\"')])
})

/** What the page on topics says, and what follows from how Weir works besides. */
function mayDo(user: string, operation: ProbedOperation, { name, from, to }: TopicRow): boolean {
  const platformId = /^weir-(.+)-platform$/.exec(user)?.[1]
  const ofPlatform = /^weir\.(?:in|out)\.([^.]+)\./.exec(name)?.[1]
  const service = user.slice('weir-'.length)
  const reads =
    platformId === undefined
      ? to.includes(service) || (service === 'cli' && CLI_READS.includes(name)) || wider(user, 'Read', name)
      : ofPlatform === platformId && to.includes('platform')
  const writes =
    platformId === undefined
      ? from.includes(service) ||
        (from[0] === 'all' && service !== 'cli') ||
        (service === 'cli' && isPutBack(name)) ||
        wider(user, 'Write', name)
      : ofPlatform === platformId && from.includes('platform')
  switch (operation) {
    case 'Read':
      return reads
    case 'Write':
      return writes
    case 'Describe':
      return reads || writes || service === 'cli'
    case 'Create':
    case 'DescribeConfigs':
    case 'AlterConfigs':
      return service === 'cli'
    case 'Delete':
      return false
  }
}

const CLI_READS = ['weir.platforms.v1', 'weir.checkpoints.v1', 'weir.policies.v1', 'weir.dead-letters.v1']

/** What Kafka cannot tell apart by the beginning of a name (docs/adr/0144), and messages by REST. */
const WIDER: readonly [user: string, operation: string, kind: string][] = [
  ['weir-ingestion', 'Write', 'messages'],
  ['weir-ingestion', 'Write', 'receipts'],
  ['weir-ingestion', 'Read', 'receipts'],
  ['weir-enforcement', 'Read', 'messages'],
]
function wider(user: string, operation: string, name: string): boolean {
  const kind = /^weir\.in\.[^.]+\.(\w+)\.v1$/.exec(name)?.[1]
  return WIDER.some(([who, what, which]) => who === user && what === operation && which === kind)
}

/** Records that a consumer may have given up, and the marks beside letters. */
function isPutBack(name: string): boolean {
  if (name.startsWith('weir.in.') || name === 'weir.dead-letters.v1') return true
  const spec = Object.values<TopicSpec>(Topics).find((one) => one.name === name)
  return spec?.read === true && spec.cleanup === 'delete' && spec.retentionMs > 0
}

describe('the broker lets everybody do what the contract says, and nothing else', () => {
  const users = [...SERVICES, 'cli'].map((name) => `weir-${name}`)
  const everybody = [...users, ...PLATFORMS.map((id) => `weir-${id}-platform`)]

  beforeAll(async () => {
    // What is written now means nothing.
    await Promise.all(Object.values(secure.system.services).map((service) => service.stop()))
  })

  it.each(everybody)('%s, on every topic', async (user) => {
    const rows = topicRows(PLATFORMS)
    expect(rows).toHaveLength(Object.keys(Topics).length + 1 + 3 * PLATFORMS.length)
    const probe = await KafkaProbe.as(secure.stack.userBrokers, secure.loginOf(user))
    const may: string[] = []
    for (const { name } of rows) {
      for (const operation of PROBED) if (await probe.may(operation, name)) may.push(`${operation} ${name}`)
    }
    const acl = { resourceType: kafkajs.AclResourceTypes.TOPIC, resourceName: 'weir.', host: '*' }
    const all = { permissionType: kafkajs.AclPermissionTypes.ALLOW, operation: kafkajs.AclOperationTypes.ALL }
    const pattern = { resourcePatternType: kafkajs.ResourcePatternTypes.PREFIXED }
    expect(await probe.mayGrant({ ...acl, ...all, ...pattern, principal: `User:${user}` })).toBe(false)
    await probe.close()
    const should = rows.flatMap((row) =>
      PROBED.filter((operation) => mayDo(user, operation, row)).map(
        (operation) => `${operation} ${row.name}`,
      ),
    )
    expect(may).toEqual(should)
  })

  it('nobody is in a consumer group of somebody else', async () => {
    const groups = [
      ...[...SERVICES, 'cli'].flatMap((name) => [`weir.${name}`, `weir.${name}.tables.x`, `weir.${name}x`]),
      ...PLATFORMS.flatMap((id) => [`weir.platform.${id}.reader`, `weir.platform.${id}`]),
    ]
    const may: string[] = []
    for (const user of everybody) {
      const probe = await KafkaProbe.as(secure.stack.userBrokers, secure.loginOf(user))
      for (const group of groups) if (await probe.mayJoin(group)) may.push(`${user} ${group}`)
      await probe.close()
    }
    expect(may).toEqual([
      ...SERVICES.flatMap((name) => [`weir-${name} weir.${name}`, `weir-${name} weir.${name}.tables.x`]),
      'weir-cli weir.cli.tables.x',
      ...PLATFORMS.map((id) => `weir-${id}-platform weir.platform.${id}.reader`),
    ])
  })
})

/** Whose documents are evidence of what was: they can be added, and nobody changes them. */
const ONLY_ADDED = ['audit_log', 'audit_checkpoints', 'statements', 'exonerations', 'cluster_orders']
const REMOVED_FROM = ['idempotency', 'instances']

function mayOn(user: string, operation: MongoOperation, owner: ServiceName, collection: string): boolean {
  const isForeign = collection === 'foreign'
  if (user === 'weir_migrations') return operation === 'createIndex' && !isForeign
  if (user !== `weir_${owner}`) return false
  // A query of enforcement begins with no collection, for which MongoDB asks for the right to find in all of them.
  if (isForeign) return owner === 'enforcement' && operation === 'find'
  switch (operation) {
    case 'find':
    case 'insert':
      return true
    case 'update':
      return !ONLY_ADDED.includes(collection)
    case 'remove':
      return REMOVED_FROM.includes(collection)
    case 'createIndex':
    case 'drop':
      return false
  }
}

describe('the database lets a service do what it needs with its own collections, and nothing else', () => {
  const places = SERVICES.flatMap((owner) => [
    ...Object.keys(COLLECTIONS[owner]).map((collection) => ({ owner, collection })),
    { owner, collection: 'foreign' },
  ])

  it.each([...SERVICES.map((name) => `weir_${name}`), 'weir_migrations'])('%s', async (user) => {
    const probe = new MongoProbe(secure.mongoUriOf(user))
    const tried = await Promise.all(
      places.map(async ({ owner, collection }) => {
        const may: string[] = []
        for (const operation of MONGO_PROBED) {
          if (await probe.may(operation, `weir_${owner}`, collection)) may.push(operation)
        }
        return `${owner} ${collection}: ${may.join()}`
      }),
    )
    const lists = await Promise.all(SERVICES.map((owner) => probe.mayList(`weir_${owner}`)))
    await probe.close()
    const should = places.map(({ owner, collection }) => {
      const may = MONGO_PROBED.filter((one) => mayOn(user, one, owner, collection))
      return `${owner} ${collection}: ${may.join()}`
    })
    expect(tried).toEqual(should)
    expect(lists).toEqual(SERVICES.map(() => false))
  })
})
