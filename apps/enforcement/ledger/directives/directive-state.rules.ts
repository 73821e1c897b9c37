import { laterBy } from '#libs/contracts/fields'
import type { ReceiptStatus } from '#libs/contracts/receipt'

export const DIRECTIVE_STATES = ['issued', 'acknowledged', 'paused', 'done', 'withdrawn'] as const
export type DirectiveState = (typeof DIRECTIVE_STATES)[number]

/** Answers of a platform that stop the clock, each once. */
export const STOPPING = ['impossible', 'clarification_needed', 'disputed'] as const
export type Stopping = (typeof STOPPING)[number]

/** A receipt as it is kept. Its id derives from its content: the same answer twice is one. */
export interface KeptReceipt {
  receiptId: string
  status: ReceiptStatus
  /** What the platform says. */
  at: Date
  /** When the broker or the API took it: the clock stops here, whatever the platform says. */
  receivedAt: Date
  note: string | null
  ownerNotifiedAt: Date | null
}

/** An operator's answer to a stopped clock. */
export interface ClockAnswer {
  to: Stopping
  at: Date
  by: string
  text: string
}

export interface DirectiveTerms {
  acknowledgeBy: Date
  dueAt: Date
  /** When another directive undid it. */
  reversedAt: Date | null
}

export interface DirectiveStanding {
  state: DirectiveState
  /** Deadlines after the time that the clock stood. */
  acknowledgeBy: Date
  dueAt: Date
  /** The stop that waits for an answer. */
  stoppedBy: Stopping | null
  ownerNotifiedAt: Date | null
}

/**
 * Where a directive stands: a function of the set of receipts and answers, whatever their order. `done` beats everything;
 * each of the stopping answers stops the clock once, from its receipt to the answer of an operator.
 */
export function standingOf(
  terms: DirectiveTerms,
  receipts: readonly KeptReceipt[],
  answers: readonly ClockAnswer[],
): DirectiveStanding {
  const stops = stopsOf(receipts, answers)
  const stood = stoodStill(stops)
  const later = (instant: Date): Date => laterBy(instant, stood)
  const open = stops.find((stop) => stop.until === null)
  const notified = receipts
    .flatMap((receipt) => (receipt.ownerNotifiedAt ? [receipt.ownerNotifiedAt] : []))
    .sort((a, b) => a.getTime() - b.getTime())
  return {
    state: stateOf(terms, receipts, open !== undefined),
    acknowledgeBy: later(terms.acknowledgeBy),
    dueAt: later(terms.dueAt),
    stoppedBy: open?.by ?? null,
    ownerNotifiedAt: notified[0] ?? null,
  }
}

/** Whether a deadline has passed at `now`; a stopped clock, a late `done` and a withdrawal end it. */
export function isOverdue(standing: DirectiveStanding, now: Date): boolean {
  switch (standing.state) {
    case 'done':
    case 'withdrawn':
    case 'paused':
      return false
    case 'issued':
      return now > standing.acknowledgeBy || now > standing.dueAt
    case 'acknowledged':
      return now > standing.dueAt
  }
}

/** When it next may become overdue. */
export function nextDeadline(standing: DirectiveStanding, now: Date): Date | null {
  if (standing.state !== 'issued' && standing.state !== 'acknowledged') return null
  const dates = standing.state === 'issued' ? [standing.acknowledgeBy, standing.dueAt] : [standing.dueAt]
  const ahead = dates.filter((date) => date >= now).map((date) => date.getTime())
  return ahead.length > 0 ? new Date(Math.min(...ahead)) : null
}

interface Stop {
  by: Stopping
  from: number
  until: number | null
}

function stopsOf(receipts: readonly KeptReceipt[], answers: readonly ClockAnswer[]): Stop[] {
  return STOPPING.flatMap((by) => {
    const times = receipts
      .filter((receipt) => receipt.status === by)
      .map((receipt) => receipt.receivedAt.getTime())
    if (times.length === 0) return []
    const from = Math.min(...times)
    const answered = answers.filter((answer) => answer.to === by).map((answer) => answer.at.getTime())
    return [{ by, from, until: answered.length > 0 ? Math.max(from, Math.min(...answered)) : null }]
  })
}

/** Length of the union of the stops that have ended. */
function stoodStill(stops: readonly Stop[]): number {
  const ended = stops.flatMap((stop) => (stop.until === null ? [] : [{ from: stop.from, until: stop.until }]))
  let sum = 0
  let reached = -Infinity
  for (const { from, until } of ended.sort((a, b) => a.from - b.from)) {
    sum += Math.max(0, until - Math.max(from, reached))
    reached = Math.max(reached, until)
  }
  return sum
}

function stateOf(terms: DirectiveTerms, receipts: readonly KeptReceipt[], stopped: boolean): DirectiveState {
  if (receipts.some((receipt) => receipt.status === 'done')) return 'done'
  if (terms.reversedAt) return 'withdrawn'
  if (stopped) return 'paused'
  return receipts.length > 0 ? 'acknowledged' : 'issued'
}
