import { Injectable } from '@nestjs/common'
import { accountKey } from '#libs/contracts/ids'
import { Clock } from '#libs/runtime/clock'
import { pathSegment } from '#libs/runtime/http/dot-segments'
import { type Page, page } from '#libs/runtime/http/paging'
import { notFound } from '#libs/runtime/http/problem'
import { AppealStore } from '../appeals/appeal.store.js'
import { CaseEntryStore } from '../ledger/cases/case-entry.store.js'
import { DecisionStore } from '../ledger/decisions/decision.store.js'
import { DirectiveStore } from '../ledger/directives/directive.store.js'
import { FindingStore } from '../ledger/findings/finding.store.js'
import { PolicyStore } from '../policies/policy.store.js'
import { AccountStore } from '../ledger/account.store.js'
import type { Measure } from '#libs/contracts/measures-in-force'
import type { Hold } from '../ledger/account-state.js'
import { type AccountView, type HeldMeasure, STRIKES_SHOWN, type TimelineItem } from './accounts-api.js'
import { labelsAt } from '../ledger/label-account.rules.js'
import { standingOf } from '../ledger/standing.rules.js'
import { riskView } from '../ledger/risk.rules.js'
import { StrikeStore } from '../ledger/strikes/strike.store.js'
import { strikeView } from '../ledger/strikes/strike-view.js'
import { timelineOf } from './timeline.rules.js'

/** Reads an account as it stands now, by the clock. */
@Injectable()
export class ReadAccount {
  constructor(
    private readonly accounts: AccountStore,
    private readonly strikes: StrikeStore,
    private readonly decisions: DecisionStore,
    private readonly directives: DirectiveStore,
    private readonly entries: CaseEntryStore,
    private readonly findings: FindingStore,
    private readonly appeals: AppealStore,
    private readonly policies: PolicyStore,
    private readonly clock: Clock,
  ) {}

  /** @throws Problem 404 for an account that was never flagged */
  async read(platformId: string, accountId: string): Promise<AccountView> {
    const key = accountKey(platformId, accountId)
    const account = await this.accounts.byKey(key)
    if (!account) throw neverFlagged()
    const [strikes, shown] = await Promise.all([
      this.strikes.ofAccounts([key]),
      this.strikes.newest(key, STRIKES_SHOWN),
    ])
    const policies = await this.policies.byVersions(strikes.map((strike) => strike.policyVersion))
    const now = this.clock.now()
    const standing = standingOf(account, strikes, (version) => policies.get(version)!.ladder, now)
    return {
      platformId,
      accountId,
      status: standing.status,
      level: standing.level,
      points: standing.points,
      strikes: shown.map(strikeView),
      measures: standing.inForce.map(({ id, measure, since, until, source }) => ({
        directiveId: id,
        measure,
        since,
        until,
        source,
      })),
      held: [...account.steps, ...account.decided].flatMap(({ state, decisionId, measure, hold }) =>
        state === 'held' && hold ? [heldView(decisionId, measure, hold)] : [],
      ),
      labels: labelsAt(account.labels, now),
      risk: riskView(account.risk, now),
      account: account.profile ?? {},
      openCaseId: account.openCase?.caseId ?? null,
      timelineUrl: `/v1/accounts/${pathSegment(platformId)}/${pathSegment(accountId)}/timeline`,
      version: account.rev,
    }
  }

  /** Everything that happened to an account, newest first. @throws Problem 404 */
  async timeline(
    platformId: string,
    accountId: string,
    limit: number,
    after: [Date, string] | undefined,
  ): Promise<Page<TimelineItem>> {
    const key = accountKey(platformId, accountId)
    const account = await this.accounts.byKey(key)
    if (!account) throw neverFlagged()
    // From the document on that the cursor stands in: `${_id}/…`.
    const from: typeof after = after && [after[0], `${after[1].split('/')[0]}/`]
    const most = limit + 1 + EARLIER
    const [entries, strikes, decisions, directives, findings, appeals] = await Promise.all([
      this.entries.ofAccount(platformId, accountId, most, from),
      this.strikes.happened(key, most, from),
      this.decisions.ofAccount(platformId, accountId, most, from),
      this.directives.ofAccount(platformId, accountId, most, from),
      this.findings.ofAccount(platformId, accountId, most, from),
      this.appeals.list({ platformId, accountId }, most, from),
    ])
    const items = timelineOf({
      entries,
      strikes,
      decisions,
      directives,
      findings,
      appeals,
      labels: account.labels,
    }).filter(
      ({ at, id }) => !after || at < after[0] || (at.getTime() === after[0].getTime() && id < after[1]),
    )
    return page(items.slice(0, limit + 1), limit, (item) => [item.at.toISOString(), item.id])
  }
}

/** Read beyond a page: what is of before it, and may have been undone, answered or decided in its time. */
const EARLIER = 400

function heldView(
  decisionId: string,
  measure: Measure,
  { needsApproval, lapsesAt, notBefore, unproven }: Hold,
): HeldMeasure {
  return { decisionId, measure, needsApproval, lapsesAt, notBefore, waitsForNotice: unproven === true }
}

function neverFlagged(): Error {
  return notFound('This account was never flagged.')
}
