import type { mongo } from 'mongoose'
import { accountKey } from '#libs/contracts/ids'
import { bulkWrite, insertMissing } from '#libs/runtime/mongo/bulk-write'

/** A document that changes of its account write: whose it is, and the revision of the account that wrote it last. */
export interface OfAccount {
  _id: string
  accountKey: string
  accountRev: number
}

/** What a change of an account leaves to be written, of the account's revision `rev`. */
export interface RevisedWrite<V> {
  readonly rev: number
  readonly value: V
  /** It was not there when the change was made. Outboxes of earlier releases do not say. */
  readonly isNew?: boolean
}

/**
 * Writes documents, of several versions of one the newest, unless a later revision of their account wrote them. New ones are
 * inserted, which costs the server half of what an upsert does; one that is there all the same, since it is written again, is
 * left to the guarded update.
 */
export async function writeRevised<
  V extends { readonly platformId: string; readonly accountId: string },
  T extends OfAccount & V,
>(
  collection: mongo.Collection<T>,
  writes: readonly RevisedWrite<V>[],
  idOf: (value: V) => string,
): Promise<void> {
  const documentOf = ({ rev, value }: RevisedWrite<V>): OfAccount & V => ({
    _id: idOf(value),
    ...value,
    accountKey: accountKey(value.platformId, value.accountId),
    accountRev: rev,
  })
  const newest = newestOf(writes, idOf)
  const documents = (are: boolean) =>
    newest.filter(({ isNew }) => (isNew ?? false) === are).map((write) => documentOf(write) as T)
  const update = (some: readonly T[]) => bulkWrite(collection, some.map(guardedUpdate))
  const [there] = await Promise.all([insertMissing(collection, documents(true)), update(documents(false))])
  await update(there)
}

/** Of several versions of one document the newest. */
function newestOf<W extends { rev: number; value: object }>(
  writes: readonly W[],
  idOf: (value: W['value']) => string,
): W[] {
  const byId = new Map<string, W>()
  for (const write of writes) {
    const known = byId.get(idOf(write.value))
    if (!known || known.rev < write.rev) byId.set(idOf(write.value), write)
  }
  return [...byId.values()]
}

function guardedUpdate<T extends OfAccount>({ _id, ...rest }: T): mongo.AnyBulkWriteOperation<T> {
  return {
    updateOne: {
      filter: { _id, accountRev: { $lt: rest.accountRev } } as mongo.Filter<T>,
      update: { $set: rest } as unknown as mongo.UpdateFilter<T>,
      upsert: true,
    },
  }
}
