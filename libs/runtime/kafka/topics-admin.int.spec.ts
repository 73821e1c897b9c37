import 'reflect-metadata'
import { describe, expect, it } from 'vitest'
import { DeadLetterTopic, platformTopicName, Topics } from '#libs/contracts/catalogue'
import { createLogger } from '../logger.js'
import { freshPrefix, testEnv, testKafka } from './kafka.fixture.js'
import { TopicsAdmin } from './topics-admin.js'

describe('the topics of the catalogue', () => {
  const admin = new TopicsAdmin(testEnv(), createLogger('test', 'silent'))

  it('are created once, by as many as like, and then nothing is left to do', async () => {
    const id = freshPrefix()
    await Promise.all([admin.createPlatformTopics(id), admin.createPlatformTopics(id), admin.createMissing()])
    await admin.createMissing()
    expect(await admin.plan([id])).toEqual([])
    expect([...(await admin.existing())]).toEqual(
      expect.arrayContaining([Topics.events.name, DeadLetterTopic.name, platformTopicName('directives', id)]),
    )
  })

  it('are set as the catalogue says, other settings left; partition counts are told and never changed', async () => {
    const id = freshPrefix()
    const topic = platformTopicName('messages', id)
    const kafka = testKafka().admin()
    await kafka.connect()
    await kafka.createTopics({
      waitForLeaders: false,
      topics: [
        {
          topic,
          numPartitions: 3,
          configEntries: [
            { name: 'retention.ms', value: '1000' },
            { name: 'max.message.bytes', value: '500000' },
          ],
        },
      ],
    })
    await admin.createPlatformTopics(id)
    const plan = (await admin.plan([id])).filter((one) => one.topic === topic)
    expect(plan).toEqual(
      expect.arrayContaining([
        { topic, what: 'partitions', is: 3, wanted: 4 },
        { topic, what: 'config', setting: 'retention.ms', is: '1000', wanted: String(3 * 86_400_000) },
        { topic, what: 'config', setting: 'segment.ms', is: '604800000', wanted: '21600000' },
        {
          topic,
          what: 'config',
          setting: 'message.timestamp.type',
          is: 'CreateTime',
          wanted: 'LogAppendTime',
        },
      ]),
    )
    await admin.apply([id])
    expect((await admin.plan([id])).filter((one) => one.topic === topic)).toEqual([
      { topic, what: 'partitions', is: 3, wanted: 4 },
    ])
    const { resources } = await kafka.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: 2, name: topic, configNames: ['max.message.bytes'] }],
    })
    expect(resources[0]?.configEntries[0]?.configValue).toBe('500000')
    await kafka.disconnect()
  })

  it('are refused for what is no platform id', async () => {
    await expect(admin.createPlatformTopics('a.b')).rejects.toThrow(RangeError)
  })
})
