import { laterBy } from '#libs/contracts/fields'
import type { DeliveryReport } from '#libs/contracts/delivery-report'
import type { Policy } from '#libs/policy/policy-document'
import type { DecisionRecord, IntentDelivery, NoticeOfIntent } from './decisions/decision.js'
import type { Hold } from './account-state.js'

/** A platform has a few contacts; of one that changes them without end the rest is not kept. */
const MAX_DELIVERIES = 100
const MAX_ARRIVALS = 10

/** The notice of a decision before anything is known of it. */
export function intendedNotice(noticeId: string, wanted: Date | null): NoticeOfIntent {
  return { noticeId, wanted, deliveries: [], fewest: null, deliveredAt: null, undelivered: false }
}

/**
 * The notice with what reports say of it. The order of reports and their repeats make no difference; a delivery that came back
 * proves nothing, unless it arrived again after that. What arrived did so by `now`, whatever clock its report was written by.
 */
export function withReports(
  notice: NoticeOfIntent,
  reports: readonly DeliveryReport[],
  now: Date,
): NoticeOfIntent {
  const known = new Map(notice.deliveries.map((delivery) => [delivery.deliveryId, delivery]))
  let { fewest } = notice
  for (const { deliveryId, state, at, deliveries = 1 } of reports) {
    if (state === 'pending') continue
    const before = known.get(deliveryId) ?? { deliveryId, arrivedAt: [], bouncedAt: null }
    if (known.size >= MAX_DELIVERIES && !known.has(deliveryId) && state !== 'delivered') continue
    known.set(deliveryId, after(before, state, earlier(new Date(at), now)))
    fewest = Math.min(fewest ?? deliveries, deliveries)
  }
  const all = [...known.values()].sort((a, b) => (a.deliveryId < b.deliveryId ? -1 : 1))
  const proofs = all.flatMap(proofsOf)
  const deliveredAt = proofs.length > 0 ? new Date(Math.min(...proofs)) : null
  const undelivered = deliveredAt === null && fewest !== null && all.length >= fewest
  return { ...notice, deliveries: all, fewest, deliveredAt, undelivered }
}

function after(
  before: IntentDelivery,
  state: Exclude<DeliveryReport['state'], 'pending'>,
  at: Date,
): IntentDelivery {
  switch (state) {
    case 'delivered': {
      const instants = new Set([...before.arrivedAt, at].map((instant) => instant.getTime()))
      const earliest = [...instants].sort((a, b) => a - b).slice(0, MAX_ARRIVALS)
      return { ...before, arrivedAt: earliest.map((instant) => new Date(instant)) }
    }
    case 'bounced':
      return { ...before, bouncedAt: before.bouncedAt && before.bouncedAt > at ? before.bouncedAt : at }
    case 'failed':
    case 'expired':
      return before
  }
}

function proofsOf({ arrivedAt, bouncedAt }: IntentDelivery): number[] {
  return arrivedAt.filter((at) => !bouncedAt || at > bouncedAt).map((at) => at.getTime())
}

function earlier(a: Date, b: Date): Date {
  return a < b ? a : b
}

/**
 * What holds an intended ban back, from what is known of its notice, its answer and who approved: until the notice has arrived
 * neither the hours to answer run nor those to approve. An answer gives whoever approves as much time as the notice did.
 */
export function holdOfIntent(
  { intent, answer }: Pick<DecisionRecord, 'intent' | 'answer'>,
  hold: Hold,
  policy: Pick<Policy, 'ban' | 'secondApproval'>,
): Hold {
  if (!intent) return hold
  const { unproven: _before, ...rest } = hold
  const { deliveredAt, wanted } = intent
  if (!deliveredAt) return { ...rest, lapsesAt: null, notBefore: wanted, unproven: true }
  const instants = [deliveredAt, answer?.at, hold.askedAt].map((at) => at?.getTime() ?? 0)
  const told = laterBy(deliveredAt, policy.ban.noticeOfIntent).getTime()
  return {
    ...rest,
    lapsesAt: hold.needsApproval
      ? laterBy(new Date(Math.max(...instants)), policy.secondApproval.lapseAfter)
      : null,
    notBefore: new Date(Math.max(told, wanted?.getTime() ?? 0)),
  }
}
