import { formatDuration, type Milliseconds } from './duration.js'
import { LONGEST_AUTOMATIC_SUSPENSION } from './limits-of-automation.js'
import { LONGEST_FOR_MODERATORS } from './limits-of-decisions.js'
import type { Policy } from './policy-document.js'
import type { DocumentPath } from './policy-issue.js'

const HOUR: Milliseconds = 3_600_000
const DAY: Milliseconds = 24 * HOUR

/** Above it, `secondApproval.minFollowers` would switch the second person off (SPEC promises 6 and 11). */
const MAX_FOLLOWERS_WITHOUT_APPROVAL = 100_000

/** A setting that no policy may loosen beyond a bound (SPEC promises 6, 7 and 14). */
interface Limit {
  path: DocumentPath
  /** The nearest value within the bound. */
  within: (value: number) => number
  /** The bound and its reason, as a sentence. */
  says: string
  read: (policy: Policy) => number
  write: (policy: Policy, value: number) => Policy
}

const atMost = (most: number, why: string, shown = formatDuration(most)): Pick<Limit, 'within' | 'says'> => ({
  within: (value) => (value <= most ? value : most),
  says: `Must be ${shown} at most: ${why}.`,
})
const atLeast = (least: Milliseconds, why: string): Pick<Limit, 'within' | 'says'> => ({
  within: (value) => (value >= least ? value : least),
  says: `Must be ${formatDuration(least)} at least: ${why}.`,
})

const LIMITS: readonly Limit[] = [
  {
    path: ['automation', 'maxSuspension'],
    ...atMost(LONGEST_AUTOMATIC_SUSPENSION, 'longer ones are for people'),
    read: ({ automation }) => automation.maxSuspension,
    write: (policy, maxSuspension) => ({ ...policy, automation: { ...policy.automation, maxSuspension } }),
  },
  {
    path: ['decisions', 'maxSuspension'],
    ...atMost(LONGEST_FOR_MODERATORS, 'longer ones are for seniors'),
    read: ({ decisions }) => decisions.maxSuspension,
    write: (policy, maxSuspension) => ({ ...policy, decisions: { ...policy.decisions, maxSuspension } }),
  },
  {
    path: ['secondApproval', 'lapseAfter'],
    ...atMost(72 * HOUR, 'a held measure may not hang over an account'),
    read: ({ secondApproval }) => secondApproval.lapseAfter,
    write: (policy, lapseAfter) => ({ ...policy, secondApproval: { ...policy.secondApproval, lapseAfter } }),
  },
  {
    path: ['secondApproval', 'minFollowers'],
    ...atMost(
      MAX_FOLLOWERS_WITHOUT_APPROVAL,
      'accounts of reach need a second person',
      String(MAX_FOLLOWERS_WITHOUT_APPROVAL),
    ),
    read: ({ secondApproval }) => secondApproval.minFollowers,
    write: (policy, minFollowers) => ({
      ...policy,
      secondApproval: { ...policy.secondApproval, minFollowers },
    }),
  },
  {
    path: ['ban', 'noticeOfIntent'],
    ...atLeast(72 * HOUR, 'people need time to answer before a ban'),
    read: ({ ban }) => ban.noticeOfIntent,
    write: (policy, noticeOfIntent) => ({ ...policy, ban: { ...policy.ban, noticeOfIntent } }),
  },
  {
    path: ['appeals', 'window'],
    ...atLeast(30 * DAY, 'people need time to object'),
    read: ({ appeals }) => appeals.window,
    write: (policy, window) => ({ ...policy, appeals: { ...policy.appeals, window } }),
  },
  {
    path: ['appeals', 'undecidedSuspends'],
    ...atMost(14 * DAY, 'an undecided appeal suspends the measure'),
    read: ({ appeals }) => appeals.undecidedSuspends,
    write: (policy, undecidedSuspends) => ({ ...policy, appeals: { ...policy.appeals, undecidedSuspends } }),
  },
  {
    path: ['evidence', 'keepAfterAppeal'],
    ...atMost(31 * DAY, 'nothing is kept longer than needed'),
    read: ({ evidence }) => evidence.keepAfterAppeal,
    write: (policy, keepAfterAppeal) => ({ ...policy, evidence: { ...policy.evidence, keepAfterAppeal } }),
  },
]

/** The settings that are beyond their bound, with the bound. */
export function beyondLimits(policy: Policy): { path: DocumentPath; reason: string }[] {
  return LIMITS.filter(({ read, within }) => within(read(policy)) !== read(policy)).map(({ path, says }) => ({
    path,
    reason: says,
  }))
}

/** The policy with every setting within its bound: so a text that no lint has seen loosens nothing either. */
export function withinLimits(policy: Policy): Policy {
  return LIMITS.reduce((some, { read, within, write }) => {
    const value = within(read(some))
    return value === read(some) ? some : write(some, value)
  }, policy)
}
