import { Injectable } from '@nestjs/common'
import { derivedId } from '#libs/contracts/ids'
import { hasRole, type Caller } from '#libs/runtime/auth/caller'
import { Clock } from '#libs/runtime/clock'
import { Due } from '#libs/runtime/due'
import { RefusedError, RetryableError } from '#libs/runtime/errors'
import { requestDigest } from '#libs/runtime/http/idempotency'
import { assertFresh, type ExpectedVersions } from '#libs/runtime/http/if-match'
import { conflict, notFound, type Problem } from '#libs/runtime/http/problem'
import type { Milliseconds } from '#libs/policy/duration'
import type { CasePending } from '../ledger/ledger-write.js'
import { keyReused } from './asked.js'
import { eventOf, type EventFacts } from '../outbox/event.rules.js'
import { countChanges } from '../outbox/count-changes.js'
import { Outbox } from '../outbox/outbox.js'
import type { Pending } from '../outbox/pending.js'
import { pendingEvent } from '../outbox/pending-event.js'
import { PolicyStore } from '../policies/policy.store.js'
import { WorkOff } from '#libs/runtime/work-off'
import { type CaseDocument, type CaseNote, MAX_NOTES } from '../ledger/cases/case.js'
import {
  afterTime,
  FREE,
  hadOther,
  hasDone,
  rememberRequest,
  routesOf,
  workOn,
  type Refusal,
  type Task,
  type CaseEvent,
  type Worker,
  type WorkState,
} from '../ledger/cases/case-work.rules.js'
import { CaseStore } from '../ledger/cases/case.store.js'
import type { Wanted } from '../ledger/cases/waiting-case.js'
import { Rounds } from '../store/rounds.js'

const BATCH_SIZE = 100
/** What the same person writes again within it, right after it, came of one click too many. */
const SAME_NOTE_WITHIN: Milliseconds = 600_000

/** One request of an operator about a case. */
export interface WorkRequest {
  caller: Caller
  requestId: string
  /** The version that the caller saw; undefined: whichever. */
  ifMatch?: ExpectedVersions | undefined
  /** Kept with the case. */
  note?: string | undefined
  /** A digest of all that is asked, where that is more than what is asked of the case. */
  whole?: string | undefined
}

/** How operators take cases to work on, pass them on and put them back. */
@Injectable()
export class WorkOnCases {
  private readonly due = new WorkOff()

  constructor(
    private readonly cases: CaseStore,
    private readonly policies: PolicyStore,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** @throws Problem 404 */
  async mustFind(caseId: string): Promise<CaseDocument> {
    const found = await this.cases.byId(caseId)
    if (!found) throw notFound('There is no such case.')
    return found
  }

  /** Claims the most urgent of the waiting cases for the caller; null when none waits. */
  async claimNext(
    caller: Caller,
    requestId: string,
    wanted: Omit<Wanted, 'routes'> = {},
  ): Promise<CaseDocument | null> {
    const routes = routesOf(workerOf(caller))
    const claimed = await this.tryNext({ ...wanted, routes }, caller, requestId)
    if (claimed) return claimed
    // What the clock has just set free may not be in the queue yet.
    const { woken } = await this.wakeAll()
    return woken > 0 ? this.tryNext({ ...wanted, routes }, caller, requestId) : null
  }

  /**
   * Does a task with a case, for whoever may. @throws Problem 404, 412, 409 `too-many-notes`, RefusedError for what
   * `workOn` refuses
   */
  async work(caseId: string, task: Task, request: WorkRequest): Promise<CaseDocument> {
    const { caller, requestId, ifMatch } = request
    const asked = task.action === 'decide' ? undefined : requestDigest(task, request.note ?? null)
    for (const rounds = new Rounds('The case'); ; rounds.next()) {
      const now = this.clock.now()
      const [found, lease] = await Promise.all([this.mustFind(caseId), this.lease(now)])
      if (!hasDone(found, requestId)) assertFresh(ifMatch, found.version)
      if (asked && hadOther(found, requestId, asked)) throw keyReused()
      const context = { now, by: workerOf(caller), lease, requestId, ...(asked ? { asked } : {}) }
      const outcome = workOn(found, task, context)
      if ('refusal' in outcome) throw refusedBy(outcome.refusal)
      if (outcome.events.length === 0) return this.worked(found, caller)
      const changed = await this.store(found, outcome.next, outcome.events, now, request)
      if (changed) return changed
    }
  }

  /** @throws RefusedError what `workOn` refuses the caller now; nothing is changed */
  assertCan(found: CaseDocument, task: Task, caller: Caller): void {
    const context = { now: this.clock.now(), by: workerOf(caller), lease: 0, requestId: '' }
    const outcome = workOn(found, task, context)
    if ('refusal' in outcome) throw refusedBy(outcome.refusal)
  }

  /** Puts back what the clock has set free: lapsed claims, snoozes that are over. Says how many. @throws AggregateError on those that failed, once the others are done */
  @Due({ order: 500, name: 'cases' })
  async wakeDue(): Promise<number> {
    const { woken, failures } = await this.wakeAll()
    if (failures) throw failures
    return woken
  }

  private async wakeAll(): Promise<{ woken: number; failures: AggregateError | null }> {
    let woken = 0
    const wake = async (some: readonly CaseDocument[]): Promise<void> => {
      for (const found of some) if (await this.wake(found)) woken++
    }
    try {
      await this.due.run(
        (limit, except) => this.cases.timedOut(this.clock.now(), limit, except),
        ({ _id }) => _id,
        wake,
        BATCH_SIZE,
      )
      return { woken, failures: null }
    } catch (error) {
      if (error instanceof AggregateError) return { woken, failures: error }
      throw error
    }
  }

  private async wake(found: CaseDocument): Promise<boolean> {
    const now = this.clock.now()
    const after = afterTime(found, now)
    return after !== null && (await this.store(found, after.next, after.events, now)) !== null
  }

  /** Opens a case again that is about no single account. @throws RetryableError where somebody else changed it meanwhile */
  async reopenCluster(found: CaseDocument, request: WorkRequest): Promise<CaseDocument> {
    const { caller, requestId } = request
    const now = this.clock.now()
    const next = { ...FREE, route: found.route, ...rememberRequest(found, requestId) }
    const event: CaseEvent = {
      kind: 'case.reopened',
      by: caller.subject,
      cause: requestId,
      facts: { code: 'reopened' },
    }
    const round = { reopenings: (found.reopenings ?? 0) + 1 }
    const changed = await this.store(found, next, [event], now, request, round)
    if (!changed) throw new RetryableError('contention', 'The case changes too fast.')
    return changed
  }

  /**
   * Adds a note; the same by the same person right after it is the same note.
   * @throws Problem 404, 409 `case-merged`, `too-many-notes`; 422 where another note had the key
   */
  async note(caseId: string, caller: Caller, text: string, requestId: string): Promise<CaseDocument> {
    const note = { noteId: derivedId('note', requestId), at: this.clock.now(), by: caller.subject, text }
    const since = new Date(note.at.getTime() - SAME_NOTE_WITHIN)
    const changed = await this.cases.addNote(caseId, note, since)
    if (changed) return changed
    const found = await this.mustFind(caseId)
    const byKey = found.notes.find(({ noteId }) => noteId === note.noteId)
    if (byKey && byKey.text !== text) throw keyReused()
    const last = found.notes.at(-1)
    if (byKey || (last?.by === note.by && last.text === text && last.at >= since)) return found
    if (!found.mergedInto) throw tooManyNotes()
    throw conflict('case-merged', `The case is a part of ${found.mergedInto} now; write the note there.`)
  }

  private async tryNext(wanted: Wanted, caller: Caller, requestId: string): Promise<CaseDocument | null> {
    const now = this.clock.now()
    const until = new Date(now.getTime() + (await this.lease(now)))
    // Which case it will be is not known yet: the instant makes the id another one if the request ever claims twice.
    const cause = `${requestId} ${now.toISOString()}`
    const told = eventOf('case.claimed', 'case/', cause, now, caller.subject, { until: until.toISOString() })
    const claim = { assignee: caller.subject, claimedAt: now, until, requestId, told }
    const claimed = await this.cases.claimMostUrgent(wanted, claim)
    if (!claimed) return null
    const pending = claimed.pending.filter(({ id }) => id === derivedId('out', told.eventId))
    countChanges(pending)
    return this.deliver(claimed, pending)
  }

  private async store(
    found: CaseDocument,
    next: WorkState,
    events: readonly CaseEvent[],
    now: Date,
    request?: WorkRequest,
    also: Pick<CaseDocument, 'reopenings'> = {},
  ): Promise<CaseDocument | null> {
    const { state, assignee, claimedAt, until, route, lastRequest, requests = [] } = next
    const set = { state, assignee, claimedAt, until, route, lastRequest, requests, updatedAt: now }
    const pending = events.map((one) => eventOn(found, one, now))
    const note = request && noteOf(request, now)
    if (note) assertRoomForNotes(found.notes.length + 1)
    const notes = note ? { notes: [...found.notes, note] } : {}
    const by = request?.caller.subject
    const changed = await this.cases.change(found, { ...set, ...notes, ...also }, pending, by)
    return changed && this.deliver(changed, pending)
  }

  /** Whoever was given a case, and takes it up, changes nothing and yet works on it. */
  private async worked(found: CaseDocument, { subject }: Caller): Promise<CaseDocument> {
    if (!found.workedBy?.includes(subject)) await this.cases.noteWorker(found._id, subject)
    return found
  }

  private async deliver(changed: CaseDocument, pending: CasePending[]): Promise<CaseDocument> {
    await this.outbox.deliver([{ _id: changed._id, pending }], this.cases.cases)
    return changed
  }

  private async lease(now: Date): Promise<Milliseconds> {
    await this.policies.refresh(now)
    return this.policies.inForce(now).policy.cases.claimLease
  }
}

function workerOf(caller: Caller): Worker {
  return { subject: caller.subject, senior: hasRole(caller, 'senior') }
}

function noteOf({ caller, requestId, note: text }: WorkRequest, at: Date): CaseNote | undefined {
  if (text === undefined) return undefined
  return { noteId: derivedId('note', requestId), at, by: caller.subject, text }
}

/** @throws Problem 409 `too-many-notes` where a case is to have more than `MAX_NOTES` */
export function assertRoomForNotes(notes: number): void {
  if (notes > MAX_NOTES) throw tooManyNotes()
}

function tooManyNotes(): Problem {
  return conflict('too-many-notes', `A case has at most ${MAX_NOTES} notes, with those of its parts.`)
}

function refusedBy({ kind, slug, message, fields }: Refusal): RefusedError {
  return new RefusedError(kind, slug, message, fields)
}

/** A cluster has no account, and may have no platform. */
function namesOf({ _id: caseId, platformId, accountId }: CaseDocument): EventFacts {
  return { caseId, ...(platformId ? { platformId } : {}), ...(accountId ? { accountId } : {}) }
}

function eventOn(found: CaseDocument, { kind, by, cause, facts }: CaseEvent, at: Date): Pending {
  const value = eventOf(kind, `case/${found._id}`, cause, at, by, { ...namesOf(found), ...facts })
  return pendingEvent(value)
}
