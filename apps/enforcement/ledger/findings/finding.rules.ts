import type { Finding } from '#libs/contracts/finding'
import { accountKey, derivedId } from '#libs/contracts/ids'
import { PermanentError } from '#libs/runtime/errors'
import type { Policy, Severity } from '#libs/policy/policy-document'
import { firstLook } from '../evidence-time.rules.js'
import type { FindingRecord, FoundMember } from './finding.js'

/** A finding as it is kept. @throws PermanentError `not-one-account`, `window-reversed` */
export function findingRecordOf(finding: Finding): FindingRecord {
  const { findingId, kind, category, score, policyVersion } = finding
  const members = membersOf(finding)
  if (kind === 'account_risk' && members.length !== 1) {
    throw new PermanentError(
      'not-one-account',
      'A finding on the risk of an account is about one.',
      '/members',
    )
  }
  const window = { from: new Date(finding.window.from), to: new Date(finding.window.to) }
  if (window.from > window.to) {
    throw new PermanentError('window-reversed', 'The window ends before it begins.', '/window')
  }
  const edges = JSON.stringify(finding.edges)
  const content = JSON.stringify([kind, category, score, members, window, edges, policyVersion])
  return {
    _id: derivedId('fnv', findingId, content),
    findingId,
    kind,
    category,
    score,
    members,
    window,
    edges,
    policyVersion,
    caseId: null,
    addedAt: null,
    eraseAt: firstLook(window.to),
  }
}

/** Each account once, with each of its messages once, in a fixed order. */
function membersOf({ members }: Finding): FoundMember[] {
  const byKey = Map.groupBy(members, ({ platformId, accountId }) => accountKey(platformId, accountId))
  return [...byKey.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, [first, ...others]]) => ({
      platformId: first!.platformId,
      accountId: first!.accountId,
      messageIds: [...new Set([first!, ...others].flatMap(({ messageIds }) => messageIds))].sort(),
    }))
}

/** How grave what was found may be: a finding names no clause, so the gravest of its category. */
export function severityOf(category: string, policy: Pick<Policy, 'clauses'>): Severity {
  const severities = Object.values(policy.clauses)
    .filter((clause) => clause.category === category)
    .map((clause) => clause.severity)
  return Math.max(1, ...severities) as Severity
}
