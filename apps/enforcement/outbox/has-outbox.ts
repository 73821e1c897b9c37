import 'reflect-metadata'
import type { DiscoveryService } from '@nestjs/core'
import type { mongo } from 'mongoose'
import { instancesOf } from '#libs/runtime/wiring'
import type { PendingWrite } from './pending.js'
import type { AnyWithOutbox } from './with-outbox.js'

const OUTBOXES = Symbol('weir:outboxes')

/** What is said of a collection whose documents have outboxes. */
export interface OutboxDeclaration {
  /** When the timer completes what was left behind in them, among all that is due (see `Due`). */
  readonly order: number
  /** The kinds of writes that may lie there, in the order in which they are done. None without it. */
  readonly writes?: readonly PendingWrite['write'][]
}

/** A collection that was declared to have outboxes. */
export interface FoundOutbox extends OutboxDeclaration {
  /** As `Class.property`. */
  readonly name: string
  readonly collection: mongo.Collection<AnyWithOutbox>
}

/** The property of a store that is a collection of documents with outboxes: what is left behind in them is completed by the clock. */
export function HasOutbox(outbox: OutboxDeclaration) {
  return (target: object, property: string): void => {
    const { constructor } = target
    Reflect.defineMetadata(OUTBOXES, { ...outboxesOf(constructor), [property]: outbox }, constructor)
  }
}

/** All that are declared, in their order. */
export function findOutboxes(discovery: DiscoveryService): FoundOutbox[] {
  return instancesOf(discovery)
    .flatMap((instance) =>
      Object.entries(outboxesOf(instance.constructor)).map(([property, outbox]): FoundOutbox => ({
        ...outbox,
        name: `${instance.constructor.name}.${property}`,
        collection: (instance as Record<string, unknown>)[property] as FoundOutbox['collection'],
      })),
    )
    .sort((a, b) => a.order - b.order)
}

function outboxesOf(type: object | undefined): Record<string, OutboxDeclaration> {
  // Objects without a class (values of providers) have none.
  if (typeof type !== 'function') return {}
  return (Reflect.getMetadata(OUTBOXES, type) ?? {}) as Record<string, OutboxDeclaration>
}
