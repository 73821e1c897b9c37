import 'reflect-metadata'
import type { PendingWrite } from './pending.js'

const TAKES = Symbol('weir:takes-pending')

/** Which pending writes a method takes; `writer`: what was to be written is written then, else it does what follows from it. */
export interface TakesPending {
  readonly kinds: readonly string[]
  readonly role: 'writer' | 'follower'
}

type TakingMethod<W extends PendingWrite> = (writes: readonly W[]) => Promise<unknown>
type TakingDecorator<W extends PendingWrite> = <M extends TakingMethod<W>>(
  target: object,
  property: string | symbol,
  descriptor: TypedPropertyDescriptor<M>,
) => void
type ForKinds<W extends PendingWrite> = <K extends W['write']>(
  ...kinds: K[]
) => TakingDecorator<Extract<W, { write: K }>>

/**
 * The decorators of methods that take the pending writes `W`. Such a method gets all writes of its kinds that are delivered
 * together, in the order in which they were left; the same may come again, and several deliver at once. What it throws leaves all
 * of them in the outbox.
 */
export function takersOf<W extends PendingWrite>(): {
  /** The method that writes what is pending of these kinds. Each kind has exactly one. */
  readonly WritesPending: ForKinds<W>
  /** A method that does what else follows from pending writes of these kinds, before they are forgotten. */
  readonly FollowsPending: ForKinds<W>
} {
  return { WritesPending: declare('writer'), FollowsPending: declare('follower') }
}

function declare<W extends PendingWrite>(role: TakesPending['role']): ForKinds<W> {
  return (...kinds) =>
    (_target, _property, descriptor) => {
      Reflect.defineMetadata(TAKES, { kinds, role } satisfies TakesPending, descriptor.value!)
    }
}

/** What the method was declared for; undefined for one that takes no pending writes. */
export function takesPendingOf(method: object): TakesPending | undefined {
  return Reflect.getMetadata(TAKES, method) as TakesPending | undefined
}
