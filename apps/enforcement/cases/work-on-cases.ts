import { Injectable } from '@nestjs/common'
import { derivedId } from '#libs/contracts/ids'
import type { WeirEventKind } from '#libs/contracts/weir-event'
import type { Caller } from '#libs/platform/auth/caller'
import { hasRole } from '#libs/platform/auth/caller'
import { Clock } from '#libs/platform/clock'
import { assertFresh } from '#libs/platform/http/if-match'
import { conflict, notFound } from '#libs/platform/http/problem'
import { eventOf } from '../events/event.rules.js'
import { Outbox } from '../outbox/outbox.js'
import type { Pending } from '../outbox/pending.js'
import { CaseStore, type CaseDocument } from './case.store.js'

/** More than ever compete for one case. */
const MOST_TRIES = 20

/** How operators take cases to work on, and put them back. */
@Injectable()
export class WorkOnCases {
  constructor(
    private readonly cases: CaseStore,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** @throws Problem 404 */
  async mustFind(caseId: string): Promise<CaseDocument> {
    const found = await this.cases.byId(caseId)
    if (!found) throw notFound('There is no such case.')
    return found
  }

  /** Claims the most urgent open case for the caller; null when there is none. */
  async claimNext(caller: Caller, requestId: string): Promise<CaseDocument | null> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const [next] = await this.cases.mostUrgent({ state: 'open' }, 1)
      if (!next) return null
      const claimed = await this.tryClaim(next._id, caller, requestId)
      if (claimed) return claimed
    }
    return null
  }

  /** Claiming one's own again changes nothing. @throws Problem 404, 412, 409 `not-claimable` */
  async claim(caseId: string, caller: Caller, requestId: string, ifMatch?: number): Promise<CaseDocument> {
    const found = await this.mustFind(caseId)
    if (found.state === 'claimed' && found.assignee === caller.subject) return found
    assertFresh(ifMatch, found.version)
    const claimed = await this.tryClaim(caseId, caller, requestId)
    if (claimed) return claimed
    throw conflict('not-claimable', `The case is ${found.state}; only an open one can be claimed.`)
  }

  /** @throws Problem 404, 412, 409 `not-yours` for whoever does not have it, unless senior */
  async release(caseId: string, caller: Caller, requestId: string, ifMatch?: number): Promise<CaseDocument> {
    const found = await this.mustFind(caseId)
    assertFresh(ifMatch, found.version)
    const guard = hasRole(caller, 'senior') ? {} : { assignee: caller.subject }
    const at = this.clock.now()
    const set = { state: 'open' as const, assignee: null, claimedAt: null, updatedAt: at }
    const pending = tell('case.released', found, caller.subject, at, requestId)
    const released = await this.cases.act(caseId, 'release', guard, set, [pending])
    if (!released) throw conflict('not-yours', 'The case is not claimed, or by somebody else.')
    return this.told(released, pending)
  }

  /** @throws Problem 404 */
  async note(caseId: string, caller: Caller, text: string, requestId: string): Promise<CaseDocument> {
    await this.mustFind(caseId)
    const note = { noteId: derivedId('note', requestId), at: this.clock.now(), by: caller.subject, text }
    return (await this.cases.addNote(caseId, note)) ?? this.mustFind(caseId)
  }

  private async tryClaim(caseId: string, caller: Caller, requestId: string): Promise<CaseDocument | null> {
    const found = await this.mustFind(caseId)
    const at = this.clock.now()
    const set = { state: 'claimed' as const, assignee: caller.subject, claimedAt: at, updatedAt: at }
    const pending = tell('case.claimed', found, caller.subject, at, requestId)
    const claimed = await this.cases.act(caseId, 'claim', {}, set, [pending])
    return claimed && this.told(claimed, pending)
  }

  private async told(found: CaseDocument, pending: Pending): Promise<CaseDocument> {
    await this.outbox.deliver([{ _id: found._id, pending: [pending] }], this.cases.cases)
    return found
  }
}

function tell(kind: WeirEventKind, found: CaseDocument, by: string, at: Date, cause: string): Pending {
  const { _id: caseId, platformId, accountId } = found
  const value = eventOf(kind, `case/${caseId}`, cause, at, by, { caseId, platformId, accountId })
  return { id: derivedId('out', value.eventId), publish: 'event', value }
}
