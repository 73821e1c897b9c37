import { derivedId } from '#libs/contracts/ids'
import type { WeirEvent, WeirEventKind } from '#libs/contracts/weir-event'

/** What an event says beside its kind, subject, time and actor. */
export type EventFacts = Omit<Partial<WeirEvent>, 'eventId' | 'kind' | 'subject' | 'at' | 'actor'>

/**
 * An event whose id derives from its kind, its subject and what happened (`cause`; empty where a kind can happen to a
 * subject only once), so that telling it again is the same event.
 */
export function eventOf(
  kind: WeirEventKind,
  subject: string,
  cause: string | number,
  at: Date,
  actor: string,
  facts: EventFacts = {},
): WeirEvent {
  return {
    eventId: derivedId('ev', kind, subject, cause),
    kind,
    subject,
    at: at.toISOString(),
    actor,
    ...facts,
  }
}
