import type { mongo } from 'mongoose'
import type { Route } from '#libs/policy/routing'
import type { CaseState } from './case-transitions.js'

/** Cases of one kind: how many wait, since when, and how many of those at hand are late. */
export interface Queue {
  category: string | null
  language: string | null
  /** Null for clusters on several. */
  platformId: string | null
  route: Route
  depth: number
  oldest: Date | null
  snoozed: number
  claimed: number
  overdue: number
}

/** More kinds than a policy, its languages and the platforms make. */
const MAX_QUEUES = 2_000

/** Counts the queues as they stand at `now`, the fullest with late cases first. */
export function queuesAt(now: Date): mongo.Document[] {
  // Nobody has a claim that has lapsed, nothing sleeps when its snooze is over; null sorts before every date.
  const waits = { $lte: ['$until', now] }
  const count = (condition: object): object => ({ $sum: { $cond: [condition, 1, 0] } })
  const sleepsAs = (state: CaseState): object =>
    count({ $and: [{ $eq: ['$state', state] }, { $gt: ['$until', now] }] })
  return [
    { $match: { state: { $in: ['open', 'claimed'] } } },
    {
      $group: {
        _id: {
          platformId: '$platformId',
          category: '$gravest.category',
          language: '$gravest.language',
          route: '$route',
        },
        depth: count(waits),
        oldest: { $min: { $cond: [waits, '$openedAt', null] } },
        snoozed: sleepsAs('open'),
        claimed: sleepsAs('claimed'),
        overdue: count({ $lte: ['$dueAt', now] }),
      },
    },
    { $sort: { overdue: -1, depth: -1, _id: 1 } },
    { $limit: MAX_QUEUES },
    {
      $project: {
        _id: 0,
        platformId: { $cond: [{ $eq: ['$_id.platformId', ''] }, null, '$_id.platformId'] },
        category: { $ifNull: ['$_id.category', null] },
        language: { $ifNull: ['$_id.language', null] },
        route: '$_id.route',
        depth: 1,
        oldest: 1,
        snoozed: 1,
        claimed: 1,
        overdue: 1,
      },
    },
  ]
}
