import type { Standing } from '../../apps/enforcement/ledger/ledger-oracle.fixture.js'
import type { WeirSystem } from '../harness/weir-system.js'
import { slugOf } from './api-clients.js'
import { type Deed, deedsOf, type Work } from './deeds.js'
import { historyOf, standingAfter } from './history.js'
import type { Stage } from './people.js'
import { received, type SceneAccount, strikeIdOf } from './scene.js'
import type { Seen, SeenDirective } from './seen.js'

const READER = { roles: ['auditor' as const] }
const STATUSES = ['active', 'warned', 'limited', 'suspended', 'banned']
const LASTING = ['limit', 'suspend', 'ban']

interface AccountView {
  status: string
  level: number
  points: number
  strikes: {
    strikeId: string
    messageId: string
    points: number
    at: string
    expiresAt: string
    reversedAt: string | null
  }[]
  measures: { measure: string; until: string | null }[]
}

/** What is wrong, one line each; empty if every promise held. */
export async function problemsOf(stage: Stage): Promise<string[]> {
  const { api, seen, deeds, works, system } = stage
  seen.look()
  return [
    ...api.faults,
    ...seen.changed.map((id) => `${id} came again with other bytes`),
    ...api.answered
      .filter(({ status }) => ![200, 201, 204, 403, 409].includes(status))
      .map((answer) => `${answer.path} was answered ${answer.status} ${slugOf(answer)}`),
    ...doubleClaims(works, seen),
    ...bansOfNobody(deeds, seen),
    ...(await lost(system, deeds, works)),
    ...(await Promise.all(stage.accounts.map((account) => wrongOf(system, account, deeds, seen)))).flat(),
  ]
}

/** How many accounts are ambiguous to who looks from outside: compared in all but their status. */
export function ambiguous(stage: Stage): number {
  return stage.accounts.filter((account) => historyOf(account, stage.deeds, stage.seen).isAmbiguous).length
}

/**
 * Claims of one case by two people at once: the second was answered before the first released the case, by the versions of the
 * case, or, where these do not tell, before the first began to give it up; and nothing that was decided about the account had
 * ended the first claim.
 */
function doubleClaims(works: readonly Work[], seen: Seen): string[] {
  return [...Map.groupBy(works, ({ caseId }) => caseId)].flatMap(([caseId, claims]) => {
    claims.sort((a, b) => a.version - b.version)
    return claims.flatMap((claim, i) => {
      const next = claims[i + 1]
      if (!next || next.by === claim.by) return []
      const isEnded =
        claim.releasedVersion === undefined ? claim.to <= next.from : claim.releasedVersion < next.version
      if (isEnded) return []
      const trail = [...seen.events.values()]
        .filter(
          ({ kind, subject, ...facts }) =>
            subject === `case/${caseId}` || (facts.caseId === caseId && kind.startsWith('decision.')),
        )
        .sort((a, b) => a.at.localeCompare(b.at))
        .map(({ kind, at, actor }) => `${at.slice(11)} ${kind} ${actor}`)
      return [
        `${caseId} was claimed by ${next.by} (${new Date(next.from).toISOString()}) while ${claim.by} had it: ${trail.join(', ')}`,
      ]
    })
  })
}

/** Bans that no person decided, or that nobody approved where somebody had to. */
function bansOfNobody(deeds: readonly Deed[], seen: Seen): string[] {
  const decided = new Map(
    deedsOf(deeds, 'decision').map((deed) => [String(deed.answer.body['decisionId']), deed] as const),
  )
  const approved = new Map(
    deedsOf(deeds, 'approval').map(({ decisionId, answer }) => [decisionId, answer.by] as const),
  )
  return [...seen.directives.values()].flatMap((directive) => {
    if (directive.kind !== 'ban_account') return []
    const deed = decided.get(directive.decisionId!)
    if (directive.automated || deed?.answer.body['measure'] !== 'ban' || !deed.answer.by.startsWith('senior'))
      return [`${directive.directiveId} bans, and no senior decided that`]
    if (!deed.urgent) return [`${directive.directiveId} bans before the notice of intent was over`]
    const by = approved.get(directive.decisionId!)
    if (deed.account.followers > 10 && (by === undefined || by === deed.answer.by))
      return [`${directive.directiveId} bans without a second person`]
    return []
  })
}

/** What was answered with a 2xx and is not there, or is there and nobody was told. */
async function lost(system: WeirSystem, deeds: readonly Deed[], works: readonly Work[]): Promise<string[]> {
  const problems: string[] = []
  const decisions = await system.all<Record<string, unknown>>('enforcement', '/v1/decisions', READER)
  const byId = new Map(decisions.map((one) => [String(one['decisionId']), one]))
  const answered = new Set<string>()
  for (const { answer } of deedsOf(deeds, 'decision')) {
    const { decisionId, measure, by, at, messageIds } = answer.body
    const kept = byId.get(String(decisionId))
    answered.add(String(decisionId))
    const same = JSON.stringify([kept?.['measure'], kept?.['by'], kept?.['at'], kept?.['messageIds']])
    if (same !== JSON.stringify([measure, by, at, messageIds]))
      problems.push(`decision ${String(decisionId)} is lost`)
  }
  for (const { decisionId, by } of decisions as { decisionId: string; by: string }[])
    if (by !== 'system' && !answered.has(decisionId))
      problems.push(`decision ${decisionId} of ${by} was never answered`)
  for (const { deed, decisionId, answer } of deedsOf(deeds, 'approval', 'refusal', 'reversal')) {
    const step = byId.get(decisionId)?.[deed] as { by: string } | null | undefined
    if (step?.by !== answer.by) problems.push(`the ${deed} of ${decisionId} by ${answer.by} is lost`)
  }
  const appeals = await system.all<Record<string, unknown>>('enforcement', '/v1/appeals', READER)
  for (const { answer, outcome } of deedsOf(deeds, 'hearing')) {
    const kept = appeals.find(({ appealId }) => appealId === answer.body['appealId'])
    if (kept?.['state'] !== outcome)
      problems.push(`appeal ${String(answer.body['appealId'])} is not ${outcome}`)
  }
  for (const { receiptCode, withdrawn } of deedsOf(deeds, 'appeal')) {
    const { status, body } = await system.call<{ state?: string }>(
      'enforcement',
      `/v1/appeals/status/${receiptCode}`,
      READER,
    )
    if (status !== 200 || (withdrawn && body.state !== 'withdrawn'))
      problems.push(`an appeal is lost: ${status} ${body.state}`)
  }
  for (const { caseId, notes } of works.filter((work) => work.notes.length > 0)) {
    const { body } = await system.call<{ notes: { text: string }[] }>(
      'enforcement',
      `/v1/cases/${caseId}`,
      READER,
    )
    for (const note of notes)
      if (body.notes.filter(({ text }) => text === note).length !== 1)
        problems.push(`a note on ${caseId} is not there once`)
  }
  const directives = await system.all<{ directiveId: string; state: string }>(
    'enforcement',
    '/v1/directives',
    READER,
  )
  const states = new Map(directives.map(({ directiveId, state }) => [directiveId, state]))
  for (const { directiveId } of deedsOf(deeds, 'receipt'))
    if (!['done', 'withdrawn'].includes(states.get(directiveId) ?? ''))
      problems.push(`${directiveId} is not done`)
  return problems
}

/** What is wrong with one account, by what was sent, answered and published. */
async function wrongOf(
  system: WeirSystem,
  account: SceneAccount,
  deeds: readonly Deed[],
  seen: Seen,
): Promise<string[]> {
  const { platformId, accountId } = account
  const directives = [...seen.directives.values()]
    .filter((one) => one.platformId === platformId && one.accountId === accountId)
    .sort((a, b) => a.accountSeq - b.accountSeq)
  const { status, body } = await system.call<AccountView>(
    'enforcement',
    `/v1/accounts/${platformId}/${accountId}`,
    READER,
  )
  if (status === 404 && account.messages.every((message) => received(message).length === 0)) return []
  const history = historyOf(account, deeds, seen)
  const now = Date.now()
  const wanted = standingAfter(account, history, now)
  const got = standingOf(account, body, directives)
  const problems: string[] = []
  const compare = (what: string, found: unknown, expected: unknown): void => {
    if (JSON.stringify(found) !== JSON.stringify(expected))
      problems.push(
        `${platformId}/${accountId}: ${what} ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`,
      )
  }
  compare(
    'directives numbered',
    directives.map(({ accountSeq }) => accountSeq),
    directives.map((_, i) => i + 1),
  )
  compare('strikes', got.strikes, forComparison(wanted.strikes))
  compare('points', got.points, wanted.points)
  compare('removed messages', got.removed, wanted.removed)
  if (!history.isAmbiguous) {
    if (account.isCalm) {
      compare('status', got.status, wanted.status)
      compare('the gravest measure', got.gravest, wanted.gravest)
    } else if (!history.isUndone) {
      compare('status', got.status, wanted.status)
      compare('the gravest measure', got.gravest?.[0] ?? null, wanted.gravest?.[0] ?? null)
    } else {
      const without = standingAfter(account, history, now, true)
      const most = Math.max(STATUSES.indexOf(wanted.status), STATUSES.indexOf(without.status))
      if (STATUSES.indexOf(got.status) > most)
        problems.push(`${platformId}/${accountId}: ${got.status} is graver than ${STATUSES[most]!}`)
    }
    compare('level', got.level, wanted.level)
  }
  return [...problems, ...passedTwice(account, directives)]
}

function standingOf(
  account: SceneAccount,
  { status, level, points, strikes, measures }: AccountView,
  directives: readonly SeenDirective[],
): Standing {
  const undone = new Set(directives.map(({ reverses }) => reverses))
  const lasting = measures
    .filter(({ measure }) => LASTING.includes(measure))
    .map(
      ({ measure, until }) => [measure, until === null ? null : Date.parse(until)] as [string, number | null],
    )
    .sort((a, b) => LASTING.indexOf(b[0]) - LASTING.indexOf(a[0]) || (b[1] ?? Infinity) - (a[1] ?? Infinity))
  const numberOf = (messageId: string): number =>
    account.messages.find((message) => message.messageId === messageId)!.number
  return {
    status,
    level,
    points,
    strikes: forComparison(
      strikes.map((strike) => ({
        message: strike.strikeId === strikeIdOf(account, strike.messageId) ? numberOf(strike.messageId) : -1,
        at: Date.parse(strike.at),
        points: strike.points,
        expires: Date.parse(strike.expiresAt),
        reversed: strike.reversedAt === null ? null : 0,
      })),
    ),
    removed: directives
      .filter(({ kind, directiveId }) => kind === 'remove_message' && !undone.has(directiveId))
      .map(({ messageIds }) => numberOf(messageIds[0]!))
      .sort((a, b) => a - b),
    gravest: lasting[0] ?? null,
  }
}

/** When a strike was reversed is the service's to say; that it was is not. */
function forComparison(strikes: Standing['strikes']): Standing['strikes'] {
  return strikes
    .map((strike) => ({ ...strike, reversed: strike.reversed === null ? null : 0 }))
    .sort((a, b) => a.message - b.message)
}

/** The ladder has one warning, one limit and two suspensions: more of them in force passed a threshold twice. */
function passedTwice(account: SceneAccount, directives: readonly SeenDirective[]): string[] {
  const undone = new Set(directives.map(({ reverses }) => reverses))
  const most: Partial<Record<SeenDirective['kind'], number>> = {
    warn_account: 1,
    limit_account: 1,
    suspend_account: 2,
  }
  return Object.entries(most).flatMap(([kind, count]) => {
    const standing = directives.filter(
      (one) => one.kind === kind && one.automated && !undone.has(one.directiveId),
    )
    return standing.length > count
      ? [`${account.platformId}/${account.accountId}: ${standing.length} times ${kind} by the ladder`]
      : []
  })
}
