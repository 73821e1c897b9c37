import type { mongo } from 'mongoose'
import { derivedId } from '#libs/contracts/ids'
import type { WeirEvent } from '#libs/contracts/weir-event'
import type { Route } from '#libs/policy/routing'
import { definedFields } from '../../store/queries.js'
import { REQUESTS_KEPT } from './case-work.rules.js'
import type { CaseDocument, CaseRecord } from './case.js'

/** Which of the waiting cases somebody wants. */
export interface Wanted {
  routes: readonly Route[]
  category?: string
  language?: string
  platformId?: string
  maxSeverity?: number
}

/** A claim of whichever case turns out to be the most urgent, and the event that tells of it. */
export interface NextClaim extends Pick<CaseRecord, 'assignee' | 'claimedAt' | 'until'> {
  requestId: string
  told: WeirEvent
}

export const MOST_URGENT_FIRST = { urgentSince: 1, _id: 1 } as const

/** The filter of what `next` may hand out. */
export function waitingFor(wanted: Wanted): mongo.Filter<CaseDocument> {
  const { routes, category, language, platformId, maxSeverity } = wanted
  return {
    ...(maxSeverity === undefined ? {} : { severity: { $lte: maxSeverity } }),
    state: 'open',
    until: null,
    route: { $in: [...routes] },
    ...definedFields({ 'gravest.category': category, 'gravest.language': language, platformId }),
  }
}

/** A claim as a stage of an update, whose event names the case that it turns out to be. */
export function claiming({ assignee, claimedAt, until, requestId, told }: NextClaim): mongo.Document {
  const value = { $mergeObjects: [{ $literal: told }, NAMES_OF_CASE] }
  const pending = { id: { $literal: derivedId('out', told.eventId) }, publish: 'event', value }
  return {
    $set: {
      state: 'claimed',
      assignee: { $literal: assignee },
      claimedAt,
      until,
      lastRequest: { $literal: requestId },
      requests: {
        $slice: [
          { $concatArrays: [{ $ifNull: ['$requests', []] }, [{ $literal: requestId }]] },
          -REQUESTS_KEPT,
        ],
      },
      updatedAt: claimedAt,
      outboxAt: new Date(),
      version: { $add: ['$version', 1] },
      workedBy: { $setUnion: [{ $ifNull: ['$workedBy', []] }, [{ $literal: assignee }]] },
      pending: { $concatArrays: ['$pending', [pending]] },
    },
  }
}

const NAMES_OF_CASE = {
  subject: { $concat: ['case/', '$_id'] },
  caseId: '$_id',
  // A cluster has no account, and may have no platform.
  platformId: { $cond: [{ $eq: ['$platformId', ''] }, '$$REMOVE', '$platformId'] },
  accountId: { $cond: [{ $eq: ['$accountId', ''] }, '$$REMOVE', '$accountId'] },
}
