import type { Message } from '#libs/contracts/message'
import { type CategoryVerdict, type Outcome, type Verdict, verdictIdOf } from '#libs/contracts/verdict'

/** Test data: a verdict on a message of an account of platform `p1` with 10 followers. */
export function aVerdict(
  accountId: string,
  messageId: string,
  over: {
    severity?: 1 | 2 | 3 | 4
    outcome?: Outcome
    revision?: string
    at?: Date
    clause?: string
    category?: string
    platformId?: string
    followers?: number | null
    policyVersion?: string
    text?: string
    comparedDigest?: string
  } = {},
): Verdict {
  const { severity = 1, outcome = 'act', revision = 'r1', at = new Date(), platformId = 'p1' } = over
  const { category = 'fraud', clause = `c.${severity}`, followers = 10, policyVersion = '1' } = over
  const instant = at.toISOString()
  const message: Message = {
    platformId,
    accountId,
    messageId,
    revision,
    visibility: 'public',
    sentAt: instant,
    receivedAt: instant,
    text: over.text ?? 'a text',
    ...(followers === null ? {} : { account: { followers } }),
  }
  const signals = [{ detector: 'lexicon', id: 'fraud/x', score: 0.9, spans: [[0, 1]] as [number, number][] }]
  const categories: CategoryVerdict[] = [{ category, clause, score: 0.9, outcome, severity, signals }]
  return {
    verdictId: verdictIdOf(message, 'live'),
    platformId,
    accountId,
    messageId,
    revision,
    outcome,
    categories,
    policyVersion,
    bankVersions: {},
    modelVersions: {},
    overlays: [],
    inputs: {},
    mode: 'live',
    ...(over.comparedDigest === undefined ? {} : { comparedDigest: over.comparedDigest }),
    message,
    receivedAt: instant,
    classifiedAt: instant,
  }
}
