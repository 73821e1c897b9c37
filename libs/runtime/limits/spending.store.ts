import { Injectable } from '@nestjs/common'
import { InjectModel, Prop, Schema, SchemaFactory } from '@nestjs/mongoose'
import type { Model, mongo } from 'mongoose'

const MINUTE_MS = 60_000
const KEPT_SECONDS = 3_600

/** What all instances owe of a platform's budget of dead letters. */
@Schema({ collection: 'dead_letter_spending', versionKey: false })
export class Spending {
  /** The platform's id. */
  @Prop({ type: String, required: true })
  _id!: string

  /** Bytes that were spent, less those that time has paid since. */
  @Prop({ type: Number, required: true })
  owed!: number

  /** When that was so, by the server's clock. */
  @Prop({ type: Date, required: true, expires: KEPT_SECONDS })
  at!: Date
}

export const SpendingSchema = SchemaFactory.createForClass(Spending)

/** One account for each platform, which time pays off. */
@Injectable()
export class SpendingStore {
  private readonly spending: mongo.Collection<Spending>

  constructor(@InjectModel(Spending.name) model: Model<Spending>) {
    this.spending = model.collection as unknown as mongo.Collection<Spending>
  }

  /** Adds bytes to what a platform owes; resolves to what it owes then, `bytesPerMinute` having been paid meanwhile. */
  async add(platformId: string, bytes: number, bytesPerMinute: number): Promise<number> {
    const passed = { $max: [0, { $subtract: ['$$NOW', { $ifNull: ['$at', '$$NOW'] }] }] }
    const paid = { $multiply: [passed, bytesPerMinute / MINUTE_MS] }
    const left = { $max: [0, { $subtract: [{ $ifNull: ['$owed', 0] }, paid] }] }
    const account = await this.spending.findOneAndUpdate(
      { _id: platformId },
      [{ $set: { owed: { $add: [left, bytes] }, at: '$$NOW' } }],
      { upsert: true, returnDocument: 'after', writeConcern: { w: 1, journal: false } },
    )
    return account!.owed
  }
}
