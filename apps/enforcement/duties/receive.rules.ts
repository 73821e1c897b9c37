import { derivedId } from '#libs/contracts/ids'
import type { Receipt, ReceiptStatus } from '#libs/contracts/receipt'
import type { WeirEvent, WeirEventKind } from '#libs/contracts/weir-event'
import { eventOf } from '../outbox/event.rules.js'
import type { KeptReceipt } from '../ledger/directives/directive-state.rules.js'

/** A receipt as it came, and when. */
export interface GivenReceipt {
  receipt: Receipt
  receivedAt: Date
}

/** More answers than these to one directive say nothing new: the state depends on the first of each status. */
const MAX_KEPT = 100

/** The set of receipts with those that are new, and what to tell: the first of each status. */
export function receiptsOf(
  directive: { _id: string; platformId: string; accountId: string; receipts: readonly KeptReceipt[] },
  given: readonly GivenReceipt[],
): { receipts: KeptReceipt[]; events: WeirEvent[] } {
  const receipts = [...directive.receipts]
  const events: WeirEvent[] = []
  for (const { receipt, receivedAt } of given) {
    const kept = keptReceipt(receipt, receivedAt)
    if (receipts.some((known) => known.receiptId === kept.receiptId)) continue
    const first = !receipts.some((known) => known.status === kept.status)
    if (!first && receipts.length >= MAX_KEPT) continue
    receipts.push(kept)
    if (first) events.push(eventFor(directive, kept))
  }
  return { receipts, events }
}

const EVENT_OF: Readonly<Record<ReceiptStatus, WeirEventKind>> = {
  acknowledged: 'directive.acknowledged',
  done: 'directive.done',
  impossible: 'directive.paused',
  clarification_needed: 'directive.paused',
  disputed: 'directive.paused',
}

function keptReceipt(receipt: Receipt, receivedAt: Date): KeptReceipt {
  const { directiveId, status, at, note, ownerNotifiedAt } = receipt
  return {
    receiptId: derivedId('rcp', directiveId, status, at, note ?? '', ownerNotifiedAt ?? ''),
    status,
    at: new Date(at),
    receivedAt,
    note: note ?? null,
    ownerNotifiedAt: ownerNotifiedAt ? new Date(ownerNotifiedAt) : null,
  }
}

function eventFor(
  directive: { _id: string; platformId: string; accountId: string },
  receipt: KeptReceipt,
): WeirEvent {
  const { platformId, accountId, _id: directiveId } = directive
  const facts = { platformId, accountId, directiveId, code: receipt.status }
  const actor = `platform/${platformId}`
  return eventOf(
    EVENT_OF[receipt.status],
    `directive/${directiveId}`,
    receipt.status,
    receipt.receivedAt,
    actor,
    facts,
  )
}
