import { accountKey, derivedId } from '#libs/contracts/ids'
import { isoInstant } from '#libs/contracts/iso-instant'
import type { MessageIn } from '#libs/contracts/message-in'
import type { AcceptedMessage } from '#libs/contracts/accepted-message'
import { revisionOf } from '#libs/contracts/message'
import { MAX_REPAIRS } from '#libs/contracts/repair'
import type { AcceptedOutcome, CheckedMessage, Rejection } from './check-message.rules.js'

export const OUTCOMES = ['accepted', 'private', 'repeat', 'dead_lettered'] as const
/** How a record of an input topic ends: as exactly one of these. */
export type RecordOutcome = (typeof OUTCOMES)[number]

/** A checked record and where it came from. */
export interface Arrival {
  readonly value: CheckedMessage
  readonly partition: number
  readonly offset: string
  readonly receivedAt: Date
}

/** What is passed on for one record. */
export interface Accepted<A extends Arrival> {
  readonly arrival: A
  readonly id: string
  readonly key: string
  readonly message: AcceptedMessage
}

/** A batch, sorted by how its records end. */
export interface SortedRecords<A extends Arrival> {
  readonly accepted: readonly Accepted<A>[]
  readonly rejected: readonly { readonly arrival: A; readonly rejection: Rejection }[]
  readonly counts: Readonly<Record<RecordOutcome, number>>
  /** The latest revision of each accepted message: to be remembered once the broker has them. */
  readonly revisions: ReadonlyMap<string, string>
}

/**
 * Sorts the records of a batch by how they end. A repeat has the content of the latest revision that is known of its
 * message, in this batch or by `latest`; a message that was requested is never one. What is passed on for a record
 * depends on the record and its place alone, so a replay passes on the same bytes under the same id.
 */
export function sortRecords<A extends Arrival>(
  platformId: string,
  arrivals: readonly A[],
  latest: (messageKey: string) => string | undefined,
): SortedRecords<A> {
  const accepted: Accepted<A>[] = []
  const rejected: { arrival: A; rejection: Rejection }[] = []
  const counts = { accepted: 0, private: 0, repeat: 0, dead_lettered: 0 }
  const revisions = new Map<string, string>()
  for (const arrival of arrivals) {
    const checked = arrival.value
    switch (checked.outcome) {
      case 'private':
        counts.private++
        break
      case 'rejected':
        counts.dead_lettered++
        rejected.push({ arrival, rejection: checked.rejection })
        break
      case 'accepted': {
        const { message } = checked
        const messageKey = messageKeyOf(platformId, message)
        const revision = revisionOf(message)
        const known = revisions.get(messageKey) ?? latest(messageKey)
        if (known === revision && message.requested === undefined) {
          counts.repeat++
          break
        }
        counts.accepted++
        revisions.set(messageKey, revision)
        accepted.push(passedOn(platformId, arrival, checked, revision))
        break
      }
    }
  }
  return { accepted, rejected, counts, revisions }
}

/** None of the parts can hold a slash. */
function messageKeyOf(platformId: string, message: MessageIn): string {
  return `${platformId}/${message.accountId}/${message.messageId}`
}

function passedOn<A extends Arrival>(
  platformId: string,
  arrival: A,
  { message, repairs }: AcceptedOutcome,
  revision: string,
): Accepted<A> {
  const receivedAt = isoInstant(arrival.receivedAt)
  const { partition, offset } = arrival
  return {
    arrival,
    id: derivedId('msg', platformId, message.messageId, revision, receivedAt, partition, offset),
    key: accountKey(platformId, message.accountId),
    message: {
      ...message,
      platformId,
      revision,
      receivedAt,
      ...(repairs ? { repairs: repairs.slice(0, MAX_REPAIRS) } : {}),
    },
  }
}
