import type { Finding } from '#libs/contracts/finding'

/** Test data: a finding of platform `p1` on accounts, each with its messages. */
export function aFinding(
  findingId: string,
  members: Readonly<Record<string, readonly string[]>>,
  over: Partial<Finding> = {},
): Finding {
  return {
    findingId,
    kind: 'coordination',
    category: 'coordination',
    score: 0.9,
    members: Object.entries(members).map(([accountId, messageIds]) => ({
      platformId: 'p1',
      accountId,
      messageIds: [...messageIds],
    })),
    window: { from: '2026-11-24T07:00:00.000Z', to: '2026-11-24T07:10:00.000Z' },
    edges: [['x', 'y', 0.9]],
    policyVersion: '1',
    ...over,
  }
}
