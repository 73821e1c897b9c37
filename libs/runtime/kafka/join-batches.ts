import { setImmediate as nextTurn } from 'node:timers/promises'
import { isRetryable } from '../errors.js'
import type { Batch, InRecord } from './batch.js'

type Handle = (batch: Batch<unknown>) => Promise<void>

interface Waiting {
  readonly batch: Batch<unknown>
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * A handler that takes batches of several partitions as one: those that come in one turn of the event loop, or while it is
 * at work, go together. So the round trips of a handler that writes to a database grow with time and not with the number of
 * batches, as in a group commit. Each batch settles as it would have alone: where a joined one fails for good, each is
 * handled by itself.
 * `most`: records of a joined batch, unless the first alone has more.
 */
export function joinBatches(handle: Handle, most: number): Handle {
  let waiting: Waiting[] = []
  let working = false

  const take = (): Waiting[] => {
    let records = 0
    const count = waiting.findIndex(({ batch }, i) => (records += batch.records.length) > most && i > 0)
    const taken = count < 0 ? waiting : waiting.slice(0, count)
    waiting = waiting.slice(taken.length)
    return taken
  }
  const work = async (): Promise<void> => {
    working = true
    // kafkajs hands out the partitions of one fetch in one turn of the event loop, and fetches again when all are done.
    await nextTurn()
    while (waiting.length > 0) await settle(handle, take())
    working = false
  }
  return (batch) =>
    new Promise((resolve, reject) => {
      waiting.push({ batch, resolve, reject })
      if (!working) void work()
    })
}

/** Never rejects. */
async function settle(handle: Handle, taken: readonly Waiting[]): Promise<void> {
  try {
    await handle(taken.length === 1 ? taken[0]!.batch : joined(taken.map(({ batch }) => batch)))
    for (const { resolve } of taken) resolve()
  } catch (error) {
    if (taken.length === 1 || isRetryable(error)) for (const { reject } of taken) reject(error)
    else for (const one of taken) await settle(handle, [one])
  }
}

/** Batches of one topic, whose records may stand in several partitions. */
function joined(batches: readonly Batch<unknown>[]): Batch<unknown> {
  const owners = new Map<InRecord<unknown>, Batch<unknown>>()
  for (const batch of batches) for (const record of batch.records) owners.set(record, batch)
  const { topic, platformId } = batches[0]!
  return {
    topic,
    platformId,
    records: [...owners.keys()],
    deadLetter: (record, error) => owners.get(record)?.deadLetter(record, error),
    heartbeat: async () => {
      for (const batch of batches) await batch.heartbeat()
    },
  }
}
