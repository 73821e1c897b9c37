import type { FindingRecord } from '../../ledger/findings/finding.js'
import type { FindingView } from './findings-api.js'

/** A version of a finding as the API shows it. Its edges can be many: `null` where they are left out. */
export function findingView(finding: FindingRecord, withEdges: boolean): FindingView {
  const { findingId, kind, category, score, members, window, edges, policyVersion, addedAt } = finding
  const isShown = withEdges && finding.erasedAt === undefined
  return {
    findingId,
    kind,
    category,
    score,
    window,
    policyVersion,
    memberCount: members.length,
    messageCount: members.reduce((sum, { messageIds }) => sum + messageIds.length, 0),
    edges: isShown ? (JSON.parse(edges) as unknown[]).slice(0, MAX_EDGES) : null,
    addedAt,
  }
}

const MAX_EDGES = 1_000
