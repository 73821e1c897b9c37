import { derivedId } from '#libs/contracts/ids'
import type { WeirEvent } from '#libs/contracts/weir-event'
import type { Pending } from './pending.js'

/** An event that a change makes known once it is stored, under an id that follows from that of the event. */
export function pendingEvent(value: WeirEvent): Pending {
  return { id: derivedId('out', value.eventId), publish: 'event', value }
}
