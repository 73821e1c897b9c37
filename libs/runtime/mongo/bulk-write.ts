import { mongo } from 'mongoose'

const DUPLICATE_KEY = 11_000

/**
 * Writes documents in one round trip, in any order. A duplicate key means that the document is there already, in this state
 * or a later one: each write says by its filter when it may replace what is there. Other errors are thrown.
 */
export async function bulkWrite<T extends mongo.Document>(
  collection: mongo.Collection<T>,
  operations: mongo.AnyBulkWriteOperation<T>[],
): Promise<void> {
  if (operations.length === 0) return
  try {
    await collection.bulkWrite(operations, { ordered: false })
  } catch (error) {
    if (!onlyDuplicates(error)) throw error
  }
}

/**
 * Inserts those of the documents that are not there yet, in one round trip, and returns the others. Half the work of upserts
 * for the server: it looks for none first, and stores many in one transaction. Errors other than duplicate keys are thrown.
 */
export async function insertMissing<T extends mongo.Document & { _id: string }>(
  collection: mongo.Collection<T>,
  documents: readonly T[],
): Promise<T[]> {
  if (documents.length === 0) return []
  const operations = documents.map((document) => ({
    insertOne: { document: document as mongo.OptionalId<T> },
  }))
  try {
    await collection.bulkWrite(operations, { ordered: false })
    return []
  } catch (error) {
    if (!onlyDuplicates(error)) throw error
    return [error.writeErrors].flat().map(({ index }) => documents[index]!)
  }
}

/** Whether all that went wrong in a bulk write is that documents were there already. */
export function onlyDuplicates(error: unknown): error is mongo.MongoBulkWriteError {
  if (!(error instanceof mongo.MongoBulkWriteError)) return false
  const failed: { code: unknown }[] = [error.writeErrors].flat()
  return (
    failed.length > 0 &&
    failed.every((one) => one.code === DUPLICATE_KEY) &&
    !error.result.getWriteConcernError()
  )
}

/** Whether a write of one document failed because its key, or a unique one, is taken. */
export function duplicateKey(error: unknown): boolean {
  return error instanceof mongo.MongoServerError && error.code === DUPLICATE_KEY
}
