import { Injectable } from '@nestjs/common'
import { InjectModel, Prop, Schema, SchemaFactory } from '@nestjs/mongoose'
import type { Model, mongo } from 'mongoose'
import { duplicateKey } from '../mongo/bulk-write.js'

/** After the end of its window: clocks differ, and the last to ask may be late. */
const KEPT_MS = 60_000

/** What instances have asked for of one key in one window. */
@Schema({ collection: 'request_leases', versionKey: false })
export class Lease {
  /** Key, a hash of route and caller, and end of the window. */
  @Prop({ type: String, required: true })
  _id!: string

  @Prop({ type: Number, required: true })
  asked!: number

  @Prop({ type: Date, required: true, expires: 0 })
  expiresAt!: Date
}

export const LeaseSchema = SchemaFactory.createForClass(Lease)

/** Leases of requests. Nothing of them has to outlive a primary: a window is over soon. */
@Injectable()
export class LeaseStore {
  private readonly leases: mongo.Collection<Lease>

  constructor(@InjectModel(Lease.name) model: Model<Lease>) {
    this.leases = model.collection as unknown as mongo.Collection<Lease>
  }

  /** Asks for so many requests of a window; resolves to what all have asked for in it, this included. */
  async ask(key: string, endsAt: number, requests: number): Promise<number> {
    try {
      return await this.add(key, endsAt, requests)
    } catch (error) {
      // Of two that come first, one finds the document of the other.
      if (!duplicateKey(error)) throw error
      return this.add(key, endsAt, requests)
    }
  }

  private async add(key: string, endsAt: number, requests: number): Promise<number> {
    const lease = await this.leases.findOneAndUpdate(
      { _id: `${key}@${endsAt}` },
      { $inc: { asked: requests }, $setOnInsert: { expiresAt: new Date(endsAt + KEPT_MS) } },
      { upsert: true, returnDocument: 'after', writeConcern: { w: 1, journal: false } },
    )
    return lease!.asked
  }
}
