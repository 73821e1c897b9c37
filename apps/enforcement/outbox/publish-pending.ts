import { PlatformTopics, Topics } from '#libs/contracts/catalogue'
import { accountKey, derivedId } from '#libs/contracts/ids'
import { policyRecordKey } from '#libs/contracts/policy-record'
import type { AnyOutRecord } from '#libs/runtime/kafka/publisher'
import { addresseeKey } from './notice.rules.js'
import type { PendingRecord } from './pending.js'

/** The record that a pending entry stands for: its topic, key, id and time follow from its content. */
export function recordOf(pending: PendingRecord): AnyOutRecord {
  switch (pending.publish) {
    case 'event': {
      const { value } = pending
      return { topic: Topics.events, key: value.subject, id: value.eventId, value, time: new Date(value.at) }
    }
    case 'notice': {
      const { value } = pending
      return {
        topic: Topics.notices,
        key: addresseeKey(value),
        id: value.noticeId,
        value,
        time: new Date(value.createdAt),
      }
    }
    case 'measures': {
      const { value } = pending
      const key = accountKey(value.platformId, value.accountId)
      const id = derivedId('mif', key, JSON.stringify(value))
      return { topic: Topics.measures, key, id, value, time: new Date(value.at) }
    }
    case 'directive': {
      const { value, platformId } = pending
      const { directiveId: id, accountId: key } = value
      return { topic: PlatformTopics.directives, platformId, key, id, value, time: new Date(value.issuedAt) }
    }
    case 'platform': {
      const { value } = pending
      const id = derivedId('plt', value.platformId, JSON.stringify(value))
      return { topic: Topics.platforms, key: value.platformId, id, value, time: new Date(value.registeredAt) }
    }
    case 'policy': {
      const { value } = pending
      const key = policyRecordKey(value)
      const id = derivedId('pol', key, value.publishedAt)
      return { topic: Topics.policies, key, id, value, time: new Date(value.publishedAt) }
    }
  }
}
