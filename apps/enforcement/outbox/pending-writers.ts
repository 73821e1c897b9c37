import { RetryableError } from '#libs/runtime/errors'
import { WiringError } from '#libs/runtime/wiring'
import type { PendingWrite } from './pending.js'
import type { TakesPending } from './writes-pending.js'

/** A method that takes pending writes, bound to its instance. */
export interface FoundTaker {
  readonly name: string
  readonly takes: TakesPending
  readonly take: (writes: readonly PendingWrite[]) => Promise<unknown>
}

/** Who takes what: gives what is to be done with pending writes, not begun, in the order of their kinds; what follows comes last. */
export type PendingWriters = (writes: readonly PendingWrite[]) => (() => Promise<unknown>)[]

/**
 * Finds a writer for each kind of write that lies in outboxes. @throws WiringError that names each kind that has none or several.
 * What it gives @throws RetryableError `unknown-write` for one of another kind: a later release has left it, which will write it
 */
export function wireWriters(kinds: readonly string[], found: readonly FoundTaker[]): PendingWriters {
  const writers = found.filter(({ takes }) => takes.role === 'writer')
  const followers = found.filter(({ takes }) => takes.role === 'follower')
  const faults = kinds.flatMap((kind) => {
    const [first, ...others] = writers.filter(({ takes }) => takes.kinds.includes(kind))
    if (!first) return [`nobody writes what is pending of ${kind}`]
    if (others.length === 0) return []
    return [
      `${[first, ...others].map(({ name }) => name).join(' and ')} all write what is pending of ${kind}`,
    ]
  })
  if (faults.length > 0) throw new WiringError(`${faults.join('; ')}.`)
  const at = ({ takes }: FoundTaker): number => kinds.findIndex((kind) => takes.kinds.includes(kind))
  const takers = [...writers.sort((a, b) => at(a) - at(b)), ...followers]
  return (writes) => {
    const unknown = writes.find(({ write }) => !kinds.includes(write))
    if (unknown) {
      throw new RetryableError('unknown-write', `Nobody here writes what is pending of ${unknown.write}.`)
    }
    return takers.flatMap(({ takes, take }) => {
      const own = writes.filter(({ write }) => takes.kinds.includes(write))
      return own.length === 0 ? [] : [() => take(own)]
    })
  }
}
