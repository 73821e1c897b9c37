import 'reflect-metadata'
import { Injectable, type INestMicroservice } from '@nestjs/common'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Topics } from '#libs/contracts/catalogue'
import type { Platform } from '#libs/contracts/platform'
import type { TipOffState } from '#libs/contracts/tip-off'
import type { LocalStack } from '#libs/testing/local-stack'
import { startTemporaryStack } from '#libs/testing/temporary-stack'
import { BatchHandler } from './batch-handler.js'
import type { Batch } from './batch.js'
import { CompactedTables, type CompactedTable } from './compacted-table.js'
import { freshPrefix, startService, testEnv, until } from './kafka.fixture.js'
import { KafkaHealth } from './kafka-health.js'
import { Publisher } from './publisher.js'
import { TopicsAdmin } from './topics-admin.js'

const seen = new Map<string, number>()

@Injectable()
class Handler {
  readonly platforms: CompactedTable<Platform>

  constructor(tables: CompactedTables) {
    this.platforms = tables.open(Topics.platforms)
  }

  @BatchHandler(Topics.tipOffStates)
  async on(batch: Batch<TipOffState>): Promise<void> {
    for (const { value } of batch.records) seen.set(value.tipOffId, (seen.get(value.tipOffId) ?? 0) + 1)
  }
}

function state(tipOffId: string): TipOffState {
  return { tipOffId, state: 'in_review', at: '2026-11-24T07:00:00Z' }
}

function platform(platformId: string): Platform {
  return { platformId, name: platformId, mode: 'enforce', contacts: [], registeredAt: '2026-11-24T07:00:00Z' }
}

describe('while the broker is away', () => {
  let stack: LocalStack
  let app: INestMicroservice
  let publisher: Publisher
  const told: (string | undefined)[] = []

  beforeAll(async () => {
    stack = await startTemporaryStack({ alwaysOwn: true })
    const settings = { KAFKA_BROKERS: stack.kafkaBrokers, KAFKA_GROUP_PREFIX: freshPrefix() }
    app = await startService('ingestion', testEnv({ ...settings, KAFKA_PUBLISH_TIMEOUT_MS: '90000' }), [
      Handler,
    ])
    await app.get(TopicsAdmin).createMissing()
    publisher = app.get(Publisher)
    app.get(Handler).platforms.onChange((key) => told.push(key))
    await until(() => app.get(KafkaHealth).ready().ok, 'ready')
  })

  afterAll(async () => {
    await app?.close()
    await stack?.stop()
  })

  const publish = (ids: readonly string[]): Promise<void> =>
    publisher.publish(
      ...ids.map((id) => ({ topic: Topics.tipOffStates, key: id, id: `st_${id}`, value: state(id) })),
    )

  it.each([
    ['stopped', (kafka: NonNullable<LocalStack['kafka']>) => kafka.stop()],
    ['killed', async (kafka: NonNullable<LocalStack['kafka']>) => kafka.kill('SIGKILL')],
  ])(
    'for 25 s, %s, the service lives, and all that was published is handled when it is back',
    async (how, end) => {
      const before = Array.from({ length: 300 }, (_, i) => `${how}-before-${i}`)
      const during = Array.from({ length: 300 }, (_, i) => `${how}-during-${i}`)
      await publish(before)
      await end(stack.kafka!)
      const published = publish(during)
      await sleep(25_000)
      expect(app.get(KafkaHealth).alive()).toEqual({ ok: true, reasons: [] })
      await stack.kafka!.start()
      await published
      await until(() => [...before, ...during].every((id) => seen.has(id)), 'everything is handled', 60_000)
      await publisher.publish({ topic: Topics.platforms, key: how, id: how, value: platform(how) })
      await until(() => told.includes(how), 'the table is followed again', 60_000)
      expect(app.get(Handler).platforms.get(how)?.platformId).toBe(how)
      await until(() => app.get(KafkaHealth).ready().ok, 'ready again', 60_000)
    },
  )

  it('from the start on, a service waits, can be closed, and works when the broker comes', async () => {
    await stack.kafka!.stop()
    const settings = { KAFKA_BROKERS: stack.kafkaBrokers, KAFKA_GROUP_PREFIX: freshPrefix() }
    const closed = await startService('ingestion', testEnv(settings), [Handler])
    expect(closed.get(KafkaHealth).ready().ok).toBe(false)
    await closed.close()
    const waiting = await startService('ingestion', testEnv(settings), [Handler])
    seen.clear()
    await stack.kafka!.start()
    await until(() => waiting.get(KafkaHealth).ready().ok, 'ready', 60_000)
    await until(() => seen.has('stopped-before-0'), 'it reads from the first record on')
    expect(waiting.get(Handler).platforms.get('stopped')?.platformId).toBe('stopped')
    await waiting.close()
  })

  it('longer than a publisher waits, it is told so, and can try again', async () => {
    await stack.kafka!.stop()
    const impatient = new Publisher(
      testEnv({ KAFKA_BROKERS: stack.kafkaBrokers, KAFKA_PUBLISH_TIMEOUT_MS: '2000' }),
      'ingestion',
      { warn: () => undefined, debug: () => undefined } as never,
    )
    const record = { topic: Topics.tipOffStates, key: 'k', id: 'late', value: state('late') }
    await expect(impatient.publish(record)).rejects.toMatchObject({
      name: 'RetryableError',
      slug: 'publish-failed',
    })
    await stack.kafka!.start()
    await impatient.publish(record)
    await until(() => seen.has('late'), 'the record is handled')
    await impatient.onApplicationShutdown()
  })
})
