import type { Pending } from './pending.js'

/** A document with an outbox: what its last changes must make real, oldest first. */
export interface WithOutbox {
  _id: string
  pending: Pending[]
  /** When something was last put there, by the machine's clock. */
  outboxAt: Date | null
}

/** Finds the documents whose outbox is not empty: few at any time. */
export const outboxIndex = [
  { 'pending.0.id': 1 },
  { name: 'outbox', partialFilterExpression: { 'pending.0.id': { $exists: true } } },
] as const satisfies [Record<string, 1>, object]
