import 'reflect-metadata'
import { describe, expect, it } from 'vitest'
import { Clock } from '#libs/runtime/clock'
import { PermanentError, RetryableError } from '#libs/runtime/errors'
import type { AnyOutRecord, Publisher } from '#libs/runtime/kafka/publisher'
import { IngestionEnv } from './config.js'
import { StoreMessages } from './store-messages.js'

const message = {
  messageId: 'm-1',
  accountId: 'acc',
  visibility: 'public',
  sentAt: '2026-11-24T07:00:00Z',
  text: 'hello',
} as const
const accepted = { outcome: 'accepted', message } as const

function storing(publish: (...records: AnyOutRecord[]) => Promise<void>): StoreMessages {
  const env = Object.assign(new IngestionEnv(), { STORE_TIMEOUT_MS: 20 })
  return new StoreMessages({ publish } as Publisher, new Clock(), env)
}

describe('storing messages sent by REST', () => {
  it('puts them on the input topic of their platform, keyed by account, again under the same id', async () => {
    const records: AnyOutRecord[] = []
    const store = storing(async (...published) => void records.push(...published))
    await store.store('p1', [accepted])
    await store.store('p1', [accepted])
    expect(records[0]).toMatchObject({ platformId: 'p1', key: 'acc', value: message })
    expect(records[0]!.topic.name).toBe('weir.in.<platformId>.messages.v1')
    expect(records[1]!.id).toBe(records[0]!.id)
  })

  it.each<[string, () => Promise<void>]>([
    ['does not answer', () => new Promise(() => undefined)],
    ['is away', () => Promise.reject(new RetryableError('publish-failed', 'away'))],
  ])('is a 503 when Kafka %s', async (_name, publish) => {
    await expect(storing(publish).store('p1', [accepted])).rejects.toMatchObject({ status: 503 })
  })

  it('hides no error of ours', async () => {
    const error = new PermanentError('too-large', 'too large')
    await expect(storing(() => Promise.reject(error)).store('p1', [accepted])).rejects.toBe(error)
  })

  it('does not trouble Kafka for nothing', async () => {
    await storing(() => Promise.reject(new Error('called'))).store('p1', [])
  })
})
