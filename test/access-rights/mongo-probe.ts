import { mongo } from 'mongoose'

export const MONGO_PROBED = ['find', 'insert', 'update', 'remove', 'createIndex', 'drop'] as const
export type MongoOperation = (typeof MONGO_PROBED)[number]

const UNAUTHORIZED = 13
const ID = 'probe' as unknown as mongo.ObjectId

/** Somebody who tries what the server lets him do. */
export class MongoProbe {
  private readonly client: mongo.MongoClient

  constructor(uri: string) {
    this.client = new mongo.MongoClient(uri, { directConnection: true })
  }

  may(operation: MongoOperation, database: string, collection: string): Promise<boolean> {
    return isAllowed(() => attempt(this.client.db(database).collection(collection), operation))
  }

  /** Whether the user may see what else there is. */
  mayList(database: string): Promise<boolean> {
    return isAllowed(() => this.client.db(database).command({ listCollections: 1 }))
  }

  close(): Promise<void> {
    return this.client.close()
  }
}

function attempt(collection: mongo.Collection, operation: MongoOperation): Promise<unknown> {
  switch (operation) {
    case 'find':
      return collection.findOne({ _id: ID })
    case 'insert':
      return collection.insertOne({ _id: ID })
    case 'update':
      return collection.updateOne({ _id: ID }, { $set: { probe: 1 } })
    case 'remove':
      return collection.deleteOne({ _id: ID })
    case 'createIndex':
      return collection.createIndex({ probe: 1 })
    case 'drop':
      return collection.drop()
  }
}

/** Another error than that of rights came after they were looked at. */
async function isAllowed(attempt: () => Promise<unknown>): Promise<boolean> {
  try {
    await attempt()
    return true
  } catch (error) {
    if (!(error instanceof mongo.MongoServerError)) throw error
    return error.code !== UNAUTHORIZED
  }
}
