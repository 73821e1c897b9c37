import 'reflect-metadata'
import { expect, it } from 'vitest'
import { Clock } from '#libs/runtime/clock'
import type { TopicsAdmin } from '#libs/runtime/kafka/topics-admin'
import type { EnforcementEnv } from '../config.js'
import type { Outbox } from '../outbox/outbox.js'
import type { PlatformDocument, PlatformStore } from './platform.store.js'
import { RegisterPlatform } from './register-platform.js'

it('names the topics that it may not create, each time, and makes them where it may', async () => {
  const missing = ['weir.in.late.messages.v1', 'weir.in.late.receipts.v1', 'weir.out.late.directives.v1']
  const register = async (TOPICS_MANAGE: boolean) => {
    const stored = new Map<string, PlatformDocument>()
    const created: string[] = []
    const platforms = {
      byId: async (id: string) => stored.get(id) ?? null,
      add: async (platform: PlatformDocument) =>
        stored.size !== stored.set(platform.platformId, platform).size,
    }
    const topics = {
      missingPlatformTopics: async () => missing,
      createPlatformTopics: async (id: string) => void created.push(id),
    }
    const registering = new RegisterPlatform(
      platforms as unknown as PlatformStore,
      topics as unknown as TopicsAdmin,
      { deliver: async () => undefined } as unknown as Outbox,
      new Clock(),
      { TOPICS_MANAGE } as EnforcementEnv,
    )
    const details = { id: 'late', name: 'Late', contacts: [] }
    const answers = [await registering.register(details, 'ann'), await registering.register(details, 'ann')]
    return { answers: answers.map((one) => [one.created, one.topicsMissing]), created }
  }
  expect(await register(false)).toEqual({
    answers: [
      [true, missing],
      [false, missing],
    ],
    created: [],
  })
  expect(await register(true)).toEqual({
    answers: [
      [true, []],
      [false, []],
    ],
    created: ['late', 'late'],
  })
})
