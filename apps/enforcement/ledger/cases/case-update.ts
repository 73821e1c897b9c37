import type { mongo } from 'mongoose'
import { definedFields } from '../../store/queries.js'
import { type CaseChange, type CaseDocument, partsOf } from './case.js'
import { FREE, REQUESTS_KEPT, workAfter } from './case-work.rules.js'
import { firstLook } from '../evidence-time.rules.js'

const HOUR = 3_600_000

/** The change as an update: stored once, since it is guarded by the revision of the account that it comes from. */
export function updateBy({
  rev,
  value,
}: {
  rev: number
  value: CaseChange
}): mongo.AnyBulkWriteOperation<CaseDocument> {
  const { caseId, platformId, accountId, at, opens, state, automated, proposal, weight, lastRequest } = value
  const { route, mergedInto, workedBy, flags } = value
  const set: Partial<CaseDocument> = {
    ...definedFields({ automated, proposal, lastRequest, mergedInto, flags }),
    ...(state ? workAfter(state) : {}),
  }
  const fresh: Partial<CaseDocument> = {
    ...FREE,
    automated: false,
    proposal: null,
    ...(route ? {} : { route: 'general' }),
    lastRequest: null,
    notes: [],
    pending: [],
    outboxAt: null,
  }
  const untouched = Object.fromEntries(Object.entries(fresh).filter(([field]) => !(field in set)))
  const { severity, priority, gravest, urgentSince, dueAt } = weight ?? {}
  return {
    updateOne: {
      filter: { _id: caseId, accountRev: { $lt: rev } },
      update: {
        $set: { ...set, updatedAt: at, accountRev: rev },
        $addToSet: { categories: { $each: value.addCategories }, ...definedFields({ workedBy }) },
        // Of the routes too the greater one is that of the graver cases.
        $max: definedFields({ severity, priority, gravest, route }),
        $min: definedFields({ urgentSince, dueAt }),
        $inc: { version: 1 },
        ...(lastRequest ? { $push: { requests: { $each: [lastRequest], $slice: -REQUESTS_KEPT } } } : {}),
        $setOnInsert: { platformId, accountId, openedAt: at, ...untouched },
      },
      upsert: opens,
    },
  }
}

/**
 * What becomes of a case that takes in another one. That was decided in time: it adds no due time, and is as urgent as if it
 * had come when it was merged.
 */
export function absorbing(part: CaseDocument, at: Date, by: string): mongo.UpdateFilter<CaseDocument> {
  const { severity, priority, gravest, route, categories, notes, workedBy = [] } = part
  return {
    $addToSet: {
      categories: { $each: categories },
      notes: { $each: notes },
      workedBy: { $each: [...workedBy, by] },
      merged: { $each: partsOf(part) },
    },
    $max: definedFields({ severity, priority, gravest, route }),
    $min: { urgentSince: new Date(at.getTime() - priority * HOUR) },
    $inc: { version: 1 },
    ...(notes.length > 0 ? { $set: { eraseAt: firstLook(at) } } : {}),
  }
}
