import type { WeirEventKind } from '#libs/contracts/weir-event'
import type { RefusalKind, RefusedError } from '#libs/runtime/errors'
import type { Milliseconds } from '#libs/policy/duration'
import type { EventFacts } from '../../outbox/event.rules.js'
import type { Route } from '#libs/policy/routing'
import type { CaseRecord } from './case.js'
import { caseAfter, type CaseState } from './case-transitions.js'

/** The part of a case that says who works on it, and when. */
export type WorkState = Pick<
  CaseRecord,
  'state' | 'assignee' | 'claimedAt' | 'until' | 'route' | 'lastRequest' | 'requests'
> &
  Partial<Pick<CaseRecord, 'automated'>>

/** What an operator does with a case. `decide` is the moment before a decision: the case must be the caller's. */
export type Task =
  | { action: 'claim' | 'release' | 'extend' | 'escalate' | 'decide' }
  | { action: 'snooze'; until: Date }
  | { action: 'reassign'; to: string }

export interface Worker {
  subject: string
  senior: boolean
}

export interface WorkContext {
  now: Date
  by: Worker
  lease: Milliseconds
  requestId: string
  /** A digest of what it asks, to tell another request under its id from it. */
  asked?: string
}

/** Why something cannot be done. */
export type Refusal = Pick<RefusedError, 'kind' | 'slug' | 'message' | 'fields'>

/** One event to tell of the case. `cause` makes its id; `by` did it. */
export interface CaseEvent {
  kind: WeirEventKind
  by: string
  cause: string
  facts: EventFacts
}

export type WorkOutcome = { refusal: Refusal } | { next: WorkState; events: CaseEvent[] }

/** Longer is not a snooze: the case would be forgotten. */
export const LONGEST_SNOOZE: Milliseconds = 7 * 86_400_000
/** A decision takes far less from here until it is stored, so that nobody else gets the case meanwhile. */
const DECISION_TAKES: Milliseconds = 60_000

/** More requests than ever change a case between one that was cut off and its repeat. */
export const REQUESTS_KEPT = 20

/** Whether a request has been carried out, however many others came after it: its repeat must not undo what they did. */
export function hasDone({ requests = [] }: Pick<WorkState, 'requests'>, requestId: string): boolean {
  return requests.some((one) => one === requestId || one.startsWith(`${requestId} `))
}

/** Whether another request was carried out under this id. */
export function hadOther(
  { requests = [] }: Pick<WorkState, 'requests'>,
  requestId: string,
  asked: string,
): boolean {
  return requests.some((one) => one.startsWith(`${requestId} `) && one !== `${requestId} ${asked}`)
}

/** What a case remembers of a request that was carried out. */
export function rememberRequest(
  { requests = [] }: Pick<WorkState, 'requests'>,
  requestId: string,
  asked?: string,
): Required<Pick<WorkState, 'lastRequest' | 'requests'>> {
  const remembered = asked === undefined ? requestId : `${requestId} ${asked}`
  return { lastRequest: requestId, requests: [...requests, remembered].slice(-REQUESTS_KEPT) }
}

/** A case that anybody may take. */
export const FREE = { state: 'open', assignee: null, claimedAt: null, until: null } as const

/** What a new state makes of who works on the case: it ends every claim and snooze. */
export function workAfter(state: CaseState): Partial<WorkState> {
  return state === 'open' ? FREE : { state, until: null }
}

/** The case by the clock: a claim that has lapsed is nobody's, and a snooze that is over is none. */
export function asOf<T extends WorkState>(found: T, now: Date): T {
  if (found.until === null || now < found.until) return found
  if (found.state !== 'claimed') return { ...found, until: null }
  return { ...found, ...FREE }
}

/** What the clock alone did to a case, to be stored; null where it did nothing. */
export function afterTime(found: WorkState, now: Date): { next: WorkState; events: CaseEvent[] } | null {
  const next = asOf(found, now)
  return next === found ? null : { next, events: timeEvents(found, now) }
}

/** Whether `next` may hand the case to somebody who may have cases of this route. */
export function isWaiting(found: WorkState, route: Route, now: Date): boolean {
  const { state, until } = asOf(found, now)
  return state === 'open' && until === null && found.route === route
}

/** The routes whose cases `next` hands to somebody. */
export function routesOf(by: Worker): Route[] {
  return by.senior ? ['general', 'senior'] : ['general']
}

/**
 * What an operator's task makes of a case, or why it cannot be done. At any time at most one person has a case: who claimed
 * it last and whose lease has not lapsed. The same request again changes nothing, whatever came between.
 */
export function workOn(found: WorkState, task: Task, context: WorkContext): WorkOutcome {
  // A decision is asked for anew: the claim under which it was first tried may have lapsed.
  if (task.action !== 'decide' && hasDone(found, context.requestId)) return { next: found, events: [] }
  const current = asOf(found, context.now)
  const refusal = refusalOf(current, task, context)
  if (refusal) return { refusal }
  const done = carryOut(current, task, context)
  if (done === null) return { next: found, events: [] }
  return {
    next: { ...done.next, ...rememberRequest(found, context.requestId, context.asked) },
    events: [...timeEvents(found, context.now), ...done.events],
  }
}

function refusalOf(current: WorkState, task: Task, context: WorkContext): Refusal | null {
  const { by, now } = context
  const others = current.state === 'claimed' && current.assignee !== by.subject
  const mine = current.state === 'claimed' && !others
  const seniors = current.state === 'open' && current.route === 'senior' && !by.senior
  if (caseAfter(current.state, task.action) === undefined && !(mine && task.action === 'claim')) {
    return notNow(current, task.action, others)
  }
  switch (task.action) {
    case 'claim':
      return others ? CLAIMED : seniors ? ESCALATED : null
    case 'decide':
      if (current.state === 'held') return HELD
      // What automation alone decided takes a person's first decision.
      if (current.state === 'decided' && !current.automated) return DECIDED
      return others ? CLAIMED : seniors ? ESCALATED : null
    case 'release':
      return others && !by.senior ? NOT_YOURS : null
    case 'extend':
      return others ? NOT_YOURS : null
    case 'escalate':
      if (current.route === 'senior' && current.state === 'open') {
        return refused('conflict', 'escalated-already', 'The case waits for a senior already.')
      }
      return others && !by.senior ? NOT_YOURS : null
    case 'snooze': {
      if (others && !by.senior) return NOT_YOURS
      if (seniors) return ESCALATED
      const ahead = task.until.getTime() - now.getTime()
      if (ahead > 0 && ahead <= LONGEST_SNOOZE) return null
      return refused('malformed', 'invalid-request', '`until` must lie ahead, by seven days at most.', [
        { path: '/until', reason: 'must lie ahead, by seven days at most' },
      ])
    }
    case 'reassign':
      if (by.senior || mine) return null
      return others
        ? NOT_YOURS
        : refused('forbidden', 'not-claimed', 'Only a senior gives away a case that is open.')
  }
}

/** What is so; null where it is so already. */
function carryOut(
  current: WorkState,
  task: Task,
  context: WorkContext,
): { next: WorkState; events: CaseEvent[] } | null {
  const { by, now, lease } = context
  const mine = current.state === 'claimed' && current.assignee === by.subject
  const until = new Date(now.getTime() + lease)
  const emit = (kind: WeirEventKind, facts: EventFacts = {}): CaseEvent[] => [
    { kind, by: by.subject, cause: context.requestId, facts },
  ]
  const open = { ...current, ...FREE }
  switch (task.action) {
    case 'claim':
      if (mine) return null
      return {
        next: claimedBy(current, by.subject, now, until),
        events: emit('case.claimed', { until: until.toISOString() }),
      }
    case 'decide':
      return holdForDecision(current, mine, context, emit)
    case 'release':
      return { next: open, events: emit('case.released') }
    case 'extend':
      return { next: { ...current, until }, events: emit('case.extended', { until: until.toISOString() }) }
    case 'escalate':
      return { next: { ...open, route: 'senior' }, events: emit('case.escalated', { code: 'senior' }) }
    case 'snooze':
      return {
        next: { ...open, until: task.until },
        events: emit('case.snoozed', { until: task.until.toISOString() }),
      }
    case 'reassign':
      return {
        next: claimedBy(current, task.to, now, until),
        events: emit('case.reassigned', { assignee: task.to, until: until.toISOString() }),
      }
  }
}

/** Who decides an open case takes it first; whose claim is about to lapse keeps it until the decision is stored. */
function holdForDecision(
  current: WorkState,
  mine: boolean,
  { by, now, lease }: WorkContext,
  emit: (kind: WeirEventKind, facts: EventFacts) => CaseEvent[],
): { next: WorkState; events: CaseEvent[] } | null {
  const least = new Date(now.getTime() + DECISION_TAKES)
  if (mine) {
    if (current.until && current.until >= least) return null
    return {
      next: { ...current, until: least },
      events: emit('case.extended', { until: least.toISOString() }),
    }
  }
  if (current.state !== 'open') return null
  const until = new Date(now.getTime() + Math.max(lease, DECISION_TAKES))
  return {
    next: claimedBy(current, by.subject, now, until),
    events: emit('case.claimed', { until: until.toISOString() }),
  }
}

function claimedBy(current: WorkState, assignee: string, now: Date, until: Date): WorkState {
  return { ...current, state: 'claimed', assignee, claimedAt: now, until }
}

/** What the clock did before anybody came. Each lapse and each snooze ends at an instant of its own, which names it. */
function timeEvents(found: WorkState, now: Date): CaseEvent[] {
  if (found.until === null || now < found.until) return []
  const cause = found.until.toISOString()
  if (found.state !== 'claimed') return [{ kind: 'case.woken', by: 'system', cause, facts: {} }]
  return [{ kind: 'case.released', by: 'system', cause, facts: { code: 'lapsed' } }]
}

function notNow(current: WorkState, action: Task['action'], others: boolean): Refusal {
  if (others) return CLAIMED
  if (current.state === 'held') return HELD
  if (current.state === 'open') return NOT_YOURS
  return refused(
    'conflict',
    `case-${current.state}`,
    `The case is ${current.state}; it cannot be ${PAST[action]}.`,
  )
}

const PAST: Readonly<Record<Task['action'], string>> = {
  claim: 'claimed',
  release: 'released',
  extend: 'extended',
  escalate: 'escalated',
  decide: 'decided',
  snooze: 'snoozed',
  reassign: 'reassigned',
}

const CLAIMED = refused('conflict', 'claimed-by-another', 'Somebody else has claimed the case.')
const HELD = refused('conflict', 'case-held', 'A decision on the case waits; approve or refuse it first.')
const DECIDED = refused(
  'conflict',
  'case-decided',
  'A person decided the case; reopen it (POST …/reopen) to decide again.',
)
const NOT_YOURS = refused('conflict', 'not-yours', 'The case is not claimed, or by somebody else.')
const ESCALATED = refused('forbidden', 'escalated', 'The case was escalated; it waits for a senior.')

function refused(kind: RefusalKind, slug: string, message: string, fields: Refusal['fields'] = []): Refusal {
  return { kind, slug, message, fields }
}
