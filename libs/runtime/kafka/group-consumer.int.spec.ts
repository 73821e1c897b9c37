import 'reflect-metadata'
import { afterEach, describe, expect, it } from 'vitest'
import { createLogger } from '../logger.js'
import { GroupConsumer } from './group-consumer.js'
import { committed, freshPrefix, freshTopic, send, testEnv, until } from './kafka.fixture.js'

const running: GroupConsumer[] = []

/** A member of a group that notes what it gets. */
async function join(
  groupId: string,
  topics: string[],
  got: string[],
  handle = async (): Promise<void> => undefined,
) {
  const member = new GroupConsumer({
    env: testEnv(),
    groupId,
    clientId: 'test',
    topics,
    routeOf: () => ({
      name: 'test',
      decode: ({ value }) => value!.toString(),
      handle: async ({ records }) => {
        await handle()
        got.push(...records.map(({ value }) => String(value)))
      },
    }),
    deadLetters: { keep: async () => undefined, admit: () => 0 },
    logger: createLogger('test', 'silent'),
    stands: async () => new Map(),
    onCrash: () => undefined,
  })
  running.push(member)
  await member.start()
  await until(() => member.joined, 'joined')
  return member
}

const numbers = (word: string, count: number): { value: string; partition: number }[] =>
  Array.from({ length: count }, (_, i) => ({ value: `${word}${i}`, partition: i % 4 }))

afterEach(async () => {
  await Promise.all(running.splice(0).map((member) => member.stop()))
})

describe('members of a group', () => {
  it('that know different topics get between them every partition of each', async () => {
    const [group, old, young] = [freshPrefix(), await freshTopic('old', 4), await freshTopic('young', 4)]
    const [one, other]: [string[], string[]] = [[], []]
    await join(group, [old], one)
    await join(group, [old, young], other)
    await send(old, numbers('o', 40))
    await send(young, numbers('y', 40))
    const all = [...numbers('o', 40), ...numbers('y', 40)].map(({ value }) => value).sort()
    await until(() => new Set([...one, ...other]).size === 80, 'each record arrives')
    expect([...new Set([...one, ...other])].sort()).toEqual(all)
    expect(one.filter((value) => value.startsWith('y'))).toEqual([])
  })

  it('that stop in the middle of their work commit exactly what is done', async () => {
    const [group, topic] = [freshPrefix(), await freshTopic('stop', 1)]
    const got: string[] = []
    await send(
      topic,
      Array.from({ length: 2_000 }, (_, i) => ({ value: String(i), partition: 0 })),
    )
    const started = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    const member = await join(group, [topic], got, async () => {
      started.resolve()
      await release.promise
    })
    await started.promise
    const stopped = member.stop()
    release.resolve()
    await stopped
    expect(got.length).toBeGreaterThan(0)
    expect(got.length).toBeLessThan(2_000)
    expect(await committed(group, topic)).toEqual([String(got.length)])
    const rest: string[] = []
    await join(group, [topic], rest)
    await until(() => got.length + rest.length >= 2_000, 'the rest arrives')
    expect([...got, ...rest]).toEqual(Array.from({ length: 2_000 }, (_, i) => String(i)))
  })

  it('that take longer than a session keep their partition', async () => {
    const [group, topic] = [freshPrefix(), await freshTopic('slow', 1)]
    const got: string[] = []
    let calls = 0
    await send(topic, [{ value: 'only', partition: 0 }])
    const slow = async (): Promise<void> => {
      calls++
      await new Promise((resolve) => setTimeout(resolve, 15_000))
    }
    await join(group, [topic], got, slow)
    await until(() => calls === 1, 'it began')
    const other: string[] = []
    await join(group, [topic], other)
    await until(() => got.length + other.length >= 1, 'it is done', 40_000)
    expect(got).toEqual(['only'])
  })
})
