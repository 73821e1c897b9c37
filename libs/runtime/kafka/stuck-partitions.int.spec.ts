import 'reflect-metadata'
import type { Consumer } from 'kafkajs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { startTemporaryStack } from '#libs/testing/temporary-stack'
import { RetryableError } from '../errors.js'
import { createLogger } from '../logger.js'
import { GroupConsumer, type GroupConsumerOptions } from './group-consumer.js'
import { freshPrefix, freshTopic, send, testEnv, testKafka, until } from './kafka.fixture.js'
import { SupervisedGroup } from './supervised-group.js'
import { TopicsAdmin } from './topics-admin.js'

const CHECK_MS = 300
const running: GroupConsumer[] = []
const silent = createLogger('test', 'silent')

afterEach(async () => {
  await Promise.all(running.splice(0).map((member) => member.stop()))
})

function optionsFor(
  handle: (values: string[]) => Promise<void>,
  admin: TopicsAdmin,
  env = testEnv(),
): Omit<GroupConsumerOptions, 'topics' | 'onCrash'> {
  return {
    env,
    groupId: freshPrefix(),
    clientId: 'test',
    routeOf: () => ({
      name: 'test',
      decode: ({ value }) => value!.toString(),
      handle: ({ records }) => handle(records.map(({ value }) => String(value))),
    }),
    deadLetters: { keep: async () => undefined, admit: () => 0 },
    logger: silent,
    stands: (groupId, topics) => admin.stands(groupId, topics),
    limits: { handling: 1_500, check: CHECK_MS },
  }
}

async function join(topic: string, handle: (values: string[]) => Promise<void>): Promise<GroupConsumer> {
  const options = optionsFor(handle, new TopicsAdmin(testEnv(), silent))
  const member = new GroupConsumer({ ...options, topics: [topic], onCrash: () => undefined })
  running.push(member)
  await member.start()
  await until(() => member.joined, 'joined')
  return member
}

const lagging = (member: GroupConsumer): string[] =>
  [...member.progress()]
    .filter((one) => one.oldestOpen() !== undefined)
    .map(({ partition }) => `${partition}`)

/** Long enough for three checks and more. */
const manyChecks = (): Promise<void> => sleep(CHECK_MS * 12)

describe('a consumer is stuck', () => {
  it('when a handler never ends', async () => {
    const topic = await freshTopic('hangs')
    const release = Promise.withResolvers<void>()
    const member = await join(topic, () => release.promise)
    await send(topic, [{ value: 'x' }])
    await until(() => member.stuck() !== undefined, 'it is stuck')
    expect(member.stuck()).toBe(`the handler of ${topic}/0 does not end`)
    release.resolve()
    await until(() => member.stuck() === undefined, 'it is well again')
  })

  it('when kafkajs leaves a partition out without a word, and its lag is known', async () => {
    const topic = await freshTopic('left-out', 2)
    const got: string[] = []
    const member = await join(topic, async (values) => void got.push(...values))
    const { consumer } = member as unknown as { consumer: Consumer }
    consumer.pause([{ topic, partitions: [1] }])
    const before = Date.now()
    await send(topic, [
      { value: 'a', partition: 0 },
      { value: 'b', partition: 1 },
    ])
    await until(() => member.stuck() !== undefined, 'it is stuck')
    expect(member.stuck()).toBe(`${topic}/1 is not fetched`)
    expect(got).toEqual(['a'])
    expect(lagging(member)).toEqual(['1'])
    const [, one] = [...member.progress()]
    expect(one!.oldestOpen()).toBeLessThanOrEqual(before + 1_000)
    consumer.resume([{ topic, partitions: [1] }])
    await until(() => member.stuck() === undefined && lagging(member).length === 0, 'it is well again')
    expect(got).toEqual(['a', 'b'])
  })
})

describe('a consumer is not stuck', () => {
  it('while its handler fails for reasons that pass, and its lag is known', async () => {
    const topic = await freshTopic('fails')
    const member = await join(topic, () => Promise.reject(new RetryableError('away', 'Away.')))
    await send(topic, [{ value: 'x' }])
    await until(() => lagging(member).length === 1, 'it lags')
    await manyChecks()
    expect(member.stuck()).toBeUndefined()
    expect(lagging(member)).toEqual(['0'])
  })

  it('when what is left on a partition is none of its business: marks of transactions, or an open one', async () => {
    const topic = await freshTopic('transactions')
    const got: string[] = []
    const member = await join(topic, async (values) => void got.push(...values))
    const producer = testKafka().producer({
      transactionalId: freshPrefix(),
      idempotent: true,
      maxInFlightRequests: 1,
    })
    await producer.connect()
    const transaction = async (value: string) => {
      const open = await producer.transaction()
      await open.send({ topic, messages: [{ value, partition: 0 }] })
      return open
    }
    await (await transaction('aborted')).abort()
    await manyChecks()
    expect([member.stuck(), lagging(member)]).toEqual([undefined, []])
    await (await transaction('committed')).commit()
    await until(() => got.length > 0, 'it arrives')
    const open = await transaction('open')
    await manyChecks()
    expect([member.stuck(), lagging(member), got]).toEqual([undefined, [], ['committed']])
    await open.abort()
    await producer.disconnect()
  })

  it('while the broker is away, nor when it is back', async () => {
    const stack = await startTemporaryStack({ alwaysOwn: true })
    try {
      const env = testEnv({ KAFKA_BROKERS: stack.kafkaBrokers })
      const admin = testKafka(env).admin()
      await admin.connect()
      await admin.createTopics({ topics: [{ topic: 'away', numPartitions: 2 }] })
      await admin.disconnect()
      const got: string[] = []
      const topics = new TopicsAdmin(env, silent)
      const onFatal = (error: Error): never => {
        throw error
      }
      // As in a service: kafkajs may give a consumer up while the broker is away, and then it is made anew.
      const group = new SupervisedGroup({
        ...optionsFor(async (values) => void got.push(...values), topics, env),
        existing: () => topics.existing(),
        onFatal,
        settleMs: { quiet: 0, most: 0 },
        mayLackTopics: false,
      })
      group.setTopics(['away'])
      await until(() => group.waitingFor() === undefined, 'joined')
      const stuck = new Set<string | undefined>()
      const watch = setInterval(() => stuck.add(group.stuck()), 50)
      await send('away', [{ value: 'before', partition: 0 }], undefined, env)
      await until(() => got.length === 1, 'it works')
      await stack.kafka!.stop()
      await manyChecks()
      await stack.kafka!.start()
      await send('away', [{ value: 'after', partition: 1 }], undefined, env)
      await until(() => got.length === 2, 'it works again', 60_000)
      await manyChecks()
      clearInterval(watch)
      expect([...stuck]).toEqual([undefined])
      await group.close()
    } finally {
      await stack.stop()
    }
  })
})
