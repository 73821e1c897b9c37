import { Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import { type Model, type mongo, Schema } from 'mongoose'
import { derivedId } from '#libs/contracts/ids'
import { duplicateKey } from '#libs/runtime/mongo/bulk-write'
import { dayOf, type Shown } from './exposure.rules.js'

/** What one person was shown on one day: one document, so that a view is counted in one step. */
interface ExposureDocument {
  _id: string
  operator: string
  day: Date
  /** By category, then by severity. */
  shown: Record<string, Record<string, Pick<Shown, 'views' | 'messages'>>>
  /** The views that were counted last: one that is counted again changes nothing. */
  lastViews: string[]
}

export const EXPOSURES = 'Exposure'
const KEPT_SECONDS = 90 * 86_400
/** More than somebody has under way at once. */
const VIEWS_REMEMBERED = 50
/** Category ids of policies; they are names of fields here. */
const CATEGORY = /^[a-z][a-z0-9_]{0,59}$/

export const ExposureSchema = new Schema<ExposureDocument>(
  { _id: String },
  { collection: 'exposures', strict: false, versionKey: false },
)
ExposureSchema.index({ day: 1 }, { expireAfterSeconds: KEPT_SECONDS })
ExposureSchema.index({ operator: 1, day: 1 })

/** How much of what each person was shown, by day; for 90 days. */
@Injectable()
export class ExposureStore {
  private readonly exposures: mongo.Collection<ExposureDocument>

  constructor(@InjectModel(EXPOSURES) model: Model<ExposureDocument>) {
    this.exposures = model.collection as unknown as mongo.Collection<ExposureDocument>
  }

  /** Counts a view once, however often it is told. */
  async count(viewId: string, operator: string, at: Date, shown: readonly Shown[]): Promise<void> {
    if (shown.length === 0) return
    const day = dayOf(at)
    const filter = { _id: derivedId('exp', operator, day.toISOString()), lastViews: { $ne: viewId } }
    const increments = shown.flatMap(({ category, severity, views, messages }): [string, number][] => {
      const path = `shown.${CATEGORY.test(category) ? category : 'other'}.${severity}`
      return [
        [`${path}.views`, views],
        [`${path}.messages`, messages],
      ]
    })
    const update = {
      $setOnInsert: { operator, day },
      $inc: summed(increments) as never,
      $push: { lastViews: { $each: [viewId], $slice: -VIEWS_REMEMBERED } },
    }
    try {
      await this.exposures.updateOne(filter, update, { upsert: true })
    } catch (error) {
      if (!duplicateKey(error)) throw error
      // The day has its document: of another view that came first, or of this one, which then is not counted again.
      await this.exposures.updateOne(filter, update)
    }
  }

  /** What people were shown from a day on. */
  async since(
    day: Date,
    operators: readonly string[],
  ): Promise<{ operator: string; day: Date; shown: Shown[] }[]> {
    const found = await this.exposures
      .find({ operator: { $in: [...operators] }, day: { $gte: day } })
      .toArray()
    return found.map((one) => ({ operator: one.operator, day: one.day, shown: listOf(one.shown) }))
  }

  /** Who was shown something from a day on, by name. */
  async operatorsSince(day: Date, limit: number, after = ''): Promise<string[]> {
    const found = await this.exposures
      .aggregate<{ _id: string }>([
        { $match: { operator: { $gt: after }, day: { $gte: day } } },
        { $group: { _id: '$operator' } },
        { $sort: { _id: 1 } },
        { $limit: limit + 1 },
      ])
      .toArray()
    return found.map(({ _id }) => _id)
  }
}

function listOf(shown: ExposureDocument['shown']): Shown[] {
  return Object.entries(shown).flatMap(([category, bySeverity]) =>
    Object.entries(bySeverity).map(([severity, counts]) => ({
      category,
      severity: Number(severity),
      ...counts,
    })),
  )
}

function summed(increments: readonly [string, number][]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const [path, by] of increments) sums[path] = (sums[path] ?? 0) + by
  return sums
}
