import type { Pending, PendingWrite } from './pending.js'

/** A document with an outbox: what its last changes must deliver, oldest first. */
export interface WithOutbox<W extends PendingWrite = never> {
  _id: string
  pending: Pending<W>[]
  /** When something was last put there, by the machine's clock. */
  outboxAt: Date | null
}

/** Any document with an outbox, whatever writes lie there. */
export type AnyWithOutbox = WithOutbox<PendingWrite>

/** Finds the documents whose outbox is not empty: few at any time. */
export const outboxIndex = [
  { 'pending.0.id': 1 },
  { name: 'outbox', partialFilterExpression: { 'pending.0.id': { $exists: true } } },
] as const satisfies [Record<string, 1>, object]
