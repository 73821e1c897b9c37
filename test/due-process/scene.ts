import { readFileSync } from 'node:fs'
import { derivedId } from '#libs/contracts/ids'
import type { Verdict } from '#libs/contracts/verdict'
import { parsePolicy } from '#libs/policy/parse-policy'
import { aVerdict } from '../../apps/enforcement/ledger/a-verdict.fixture.js'
import type { Severity } from '../../apps/enforcement/ledger/ledger-oracle.fixture.js'

/** One judged revision of a message. `verdict` is made when it is sent for the first time. */
export interface PlannedVerdict {
  readonly severity: Severity
  readonly outcome: 'act' | 'review'
  /** Milliseconds after the start. */
  readonly at: number
  verdict: Verdict | null
}

export interface SceneMessage {
  readonly messageId: string
  readonly number: number
  readonly verdicts: PlannedVerdict[]
  /** A person did something about it: no other revision of it comes now, since people act on what they have seen. */
  isActedOn: boolean
}

/**
 * `calm`: all its verdicts come at once and in order, and people act when they have seen them: everything that happens to it
 * happens in the order of its instants. `busy`: verdicts come late and mixed up while people act.
 */
export interface SceneAccount {
  readonly platformId: string
  readonly accountId: string
  readonly isCalm: boolean
  readonly followers: number
  readonly messages: SceneMessage[]
  /** No two of its verdicts were received in the same millisecond. */
  lastReceivedAt: number
}

/** The clauses that people cite, one of each severity; the last is urgent. */
export interface SceneClauses {
  readonly bySeverity: Readonly<Record<Severity, string>>
  readonly urgent: string
}

export const SCENE_PLATFORMS = ['p1', 'p2'] as const

export function sceneClauses(): SceneClauses {
  const { clauses } = parsePolicy(readFileSync('policies/default.yaml', 'utf8')).policy!
  const find = (severity: Severity, urgent: boolean): string =>
    Object.entries(clauses).find(
      ([, one]) =>
        one.severity === severity && (one.urgent ?? false) === urgent && one.category !== 'child_safety',
    )![0]
  return {
    bySeverity: { 1: find(1, false), 2: find(2, false), 3: find(3, false), 4: find(4, false) },
    urgent: find(4, true),
  }
}

/** `count` accounts of each sort, and what is said of their messages within `durationMs`. */
export function planScene(count: number, durationMs: number, random: () => number): SceneAccount[] {
  const below = (n: number): number => Math.floor(random() * n)
  const severity = (): Severity => ([1, 1, 2, 2, 3, 4] as const)[below(6)]!
  const verdictAt = (at: number, acts: number): PlannedVerdict => ({
    severity: severity(),
    outcome: random() < acts ? 'act' : 'review',
    at,
    verdict: null,
  })
  const account = (i: number, isCalm: boolean): SceneAccount => {
    const begins = random() * durationMs * 0.6
    const messages = Array.from({ length: isCalm ? 1 + below(4) : 3 + below(6) }, (_, number) => {
      const at = isCalm ? begins : random() * durationMs * 0.9
      const verdicts = [verdictAt(at, 0.75)]
      if (random() < 0.3) verdicts.push(verdictAt(at + (isCalm ? 0 : random() * 2_000), 0.9))
      return { messageId: `m${number}`, number, verdicts, isActedOn: false }
    })
    return {
      platformId: SCENE_PLATFORMS[i % 2]!,
      accountId: `${isCalm ? 'calm' : 'busy'}-${i}`,
      isCalm,
      // Of reach: a suspension or ban is held for a second person.
      followers: isCalm && i % 3 === 0 ? 200_000 : 10,
      messages,
      lastReceivedAt: 0,
    }
  }
  return Array.from({ length: 2 * count }, (_, i) => account(i, i < count))
}

/** Makes the verdict of a revision, received now. */
export function receive(
  account: SceneAccount,
  message: SceneMessage,
  planned: PlannedVerdict,
  clauses: SceneClauses,
): Verdict {
  account.lastReceivedAt = Math.max(Date.now(), account.lastReceivedAt + 1)
  const { platformId, accountId, followers } = account
  const clause = clauses.bySeverity[planned.severity]
  planned.verdict = aVerdict(accountId, message.messageId, {
    platformId,
    followers,
    severity: planned.severity,
    outcome: planned.outcome,
    revision: `r${message.verdicts.indexOf(planned)}`,
    clause,
    category: clause.split('.')[0]!,
    at: new Date(account.lastReceivedAt),
  })
  return planned.verdict
}

/** The verdicts of a message that were received. */
export function received({ verdicts }: SceneMessage): Verdict[] {
  return verdicts.flatMap(({ verdict }) => verdict ?? [])
}

/** The one strike that a message can earn. */
export function strikeIdOf({ platformId, accountId }: SceneAccount, messageId: string): string {
  return derivedId('str', platformId, accountId, messageId)
}
