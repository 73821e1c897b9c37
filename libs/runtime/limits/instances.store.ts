import { Injectable } from '@nestjs/common'
import { InjectModel, Prop, Schema, SchemaFactory } from '@nestjs/mongoose'
import { type Model, type mongo, STATES } from 'mongoose'

/** An instance whose last sign of life is older does not count. */
const LIVE_MS = 8_000
/** One that nobody has signed off is forgotten then. */
const FORGOTTEN_AFTER_SECONDS = 60

/** A running process of this service. */
@Schema({ collection: 'instances', versionKey: false })
export class Instance {
  @Prop({ type: String, required: true })
  _id!: string

  /** By the server's clock. */
  @Prop({ type: Date, required: true, expires: FORGOTTEN_AFTER_SECONDS })
  seenAt!: Date
}

export const InstanceSchema = SchemaFactory.createForClass(Instance)

/** The instances of a service, in its database. A sign of life may be lost with its primary: the next one follows soon. */
@Injectable()
export class InstanceStore {
  private readonly instances: mongo.Collection<Instance>

  constructor(@InjectModel(Instance.name) private readonly model: Model<Instance>) {
    this.instances = model.collection as unknown as mongo.Collection<Instance>
  }

  get connected(): boolean {
    return this.model.db.readyState === STATES.connected
  }

  async sign(id: string): Promise<void> {
    await this.instances.updateOne({ _id: id }, [{ $set: { seenAt: '$$NOW' } }], {
      upsert: true,
      writeConcern: { w: 1, journal: false },
    })
  }

  /** How many live, and what time it is on the server, milliseconds since 1970. */
  async look(): Promise<{ count: number; now: number }> {
    const lives = { $gt: ['$seenAt', { $subtract: ['$$NOW', LIVE_MS] }] }
    const [found] = await this.instances
      .aggregate<{ count: number; now: Date }>(
        [
          { $match: { $expr: lives } },
          { $group: { _id: null, count: { $sum: 1 }, now: { $first: '$$NOW' } } },
        ],
        { readConcern: { level: 'local' }, readPreference: 'primary' },
      )
      .toArray()
    if (!found) throw new Error('no instance is live, this one included')
    return { count: found.count, now: found.now.getTime() }
  }

  async signOff(id: string): Promise<void> {
    await this.instances.deleteOne({ _id: id })
  }
}
