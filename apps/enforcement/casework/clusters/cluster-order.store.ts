import { Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import { type Model, type mongo, Schema } from 'mongoose'
import { insertMissing } from '#libs/runtime/mongo/bulk-write'
import type { ClusterOrder } from './cluster.js'

export const CLUSTER_ORDERS = 'ClusterOrder'
export const ClusterOrderSchema = new Schema<ClusterOrder>(
  { _id: String },
  { collection: 'cluster_orders', strict: false, versionKey: false },
)
ClusterOrderSchema.index({ requestId: 1 })
ClusterOrderSchema.index({ caseId: 1, round: 1 })

/** What was decided on clusters. An order that its case never named was given up before anything followed from it. */
@Injectable()
export class ClusterOrderStore {
  private readonly orders: mongo.Collection<ClusterOrder>

  constructor(@InjectModel(CLUSTER_ORDERS) model: Model<ClusterOrder>) {
    this.orders = model.collection as unknown as mongo.Collection<ClusterOrder>
  }

  /** Gives the one that is kept: of a request that was cut off the first. */
  async add(order: ClusterOrder): Promise<ClusterOrder> {
    await insertMissing(this.orders, [order])
    return (await this.byId(order._id)) ?? order
  }

  async byId(id: string): Promise<ClusterOrder | null> {
    return this.orders.findOne({ _id: id })
  }

  /** Those given since a case was opened again for the n-th time. */
  async ofRound(caseId: string, round: number): Promise<ClusterOrder[]> {
    return this.orders.find({ caseId, round }).toArray()
  }

  async ofRequest(caseId: string, requestId: string): Promise<ClusterOrder[]> {
    return this.orders.find({ requestId, caseId }).toArray()
  }
}
