import { setTimeout as sleep } from 'node:timers/promises'
import { PLATFORMS } from './plan-accounts.js'
import type { WebhookSink } from './webhook-sink.js'
import { ApiError, type WeirApi } from './weir-api.js'

/** Registers the platforms with their contacts and webhooks, as their operators would. Gives their ids. @throws ApiError */
export async function registerPlatforms(
  api: WeirApi,
  webhookSink: WebhookSink,
  suffix: string,
): Promise<string[]> {
  const ids: string[] = []
  for (const { id, name, contacts } of PLATFORMS) {
    const platformId = id + suffix
    await api.call('enforcement', 'admin', 'POST', '/v1/platforms', {
      id: platformId,
      name,
      mode: 'enforce',
      contacts: contacts.map((email) => ({ role: 'duty', name, email })),
    })
    webhookSink.expect(platformId, await registerWebhook(api, platformId, webhookSink.urlFor(platformId)))
    ids.push(platformId)
  }
  return ids
}

const KNOWN_WITHIN_MS = 20_000

/** Notification learns of a new platform over Kafka, a moment after it was registered. */
async function registerWebhook(api: WeirApi, platformId: string, url: string): Promise<string> {
  const end = Date.now() + KNOWN_WITHIN_MS
  for (;;) {
    try {
      const path = `/v1/webhooks/${platformId}`
      return (await api.call<{ secret: string }>('notification', 'admin', 'PUT', path, { url })).secret
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404 || Date.now() > end) throw error
      await sleep(100)
    }
  }
}
