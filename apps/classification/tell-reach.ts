import { Topics } from '#libs/contracts/catalogue'
import { accountKey, derivedId } from '#libs/contracts/ids'
import type { Message } from '#libs/contracts/message'
import type { Reach } from '#libs/contracts/reach'
import type { OutRecord } from '#libs/runtime/kafka/publisher'

/** Accounts of reach that are remembered; of those that are forgotten the same is told again. */
const MAX_REMEMBERED = 50_000
const DATE_LENGTH = 10

/** What was told of an account: on which UTC date, and how many of the bounds the count reached. */
interface Told {
  day: string
  bounds: number
}

/**
 * Tells enforcement, which sees no clear message, of accounts whose followers ask for a second person: once a UTC day and for each
 * bound that is reached. What is told depends on the message alone, so that a replay tells the same.
 */
export class TellReach {
  private readonly told = new Map<string, Told>()

  /** The record to publish because of a message, or null. Nothing counts as told before `done` says so. */
  reachOf(message: Message, bounds: readonly number[]): OutRecord<Reach> | null {
    const followers = message.account?.followers
    // Nearly all messages end here.
    if (followers === undefined || followers === null || followers < (bounds[0] ?? 0)) return null
    const { platformId, accountId, receivedAt } = message
    const key = accountKey(platformId, accountId)
    const known = this.told.get(key)
    const isKnown =
      known?.day === receivedAt.slice(0, DATE_LENGTH) && known.bounds >= reached(followers, bounds)
    if (isKnown) return null
    return {
      topic: Topics.reach,
      key,
      id: derivedId('rch', platformId, accountId, receivedAt, followers),
      value: { platformId, accountId, followers, at: receivedAt },
      time: new Date(receivedAt),
    }
  }

  /** The broker has these records. */
  done(records: readonly OutRecord<Reach>[], bounds: readonly number[]): void {
    for (const { key, value } of records) {
      if (!value) continue
      const day = value.at.slice(0, DATE_LENGTH)
      const known = this.told.get(key)
      const before = known?.day === day ? known.bounds : 0
      this.told.delete(key)
      this.told.set(key, { day, bounds: Math.max(before, reached(value.followers, bounds)) })
    }
    for (const key of this.told.keys()) {
      if (this.told.size <= MAX_REMEMBERED) break
      this.told.delete(key)
    }
  }
}

function reached(followers: number, bounds: readonly number[]): number {
  return bounds.filter((bound) => followers >= bound).length
}
