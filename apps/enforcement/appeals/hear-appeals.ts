import { Injectable } from '@nestjs/common'
import { accountKey } from '#libs/contracts/ids'
import type { AccountStatus } from '#libs/contracts/measures-in-force'
import { Clock } from '#libs/runtime/clock'
import { assertFresh, type ExpectedVersions } from '#libs/runtime/http/if-match'
import { badRequest, conflict, forbidden, notFound } from '#libs/runtime/http/problem'
import { AccountStore } from '../ledger/account.store.js'
import { CaseStore } from '../ledger/cases/case.store.js'
import { DecisionStore } from '../ledger/decisions/decision.store.js'
import { DirectiveStore } from '../ledger/directives/directive.store.js'
import { bilingual, type GivenReasons } from '../casework/reasons-field.js'
import { assertReasonsFit } from '../casework/reasons-fit.rules.js'
import { Outbox } from '../outbox/outbox.js'
import type { AppealDecision, ReplacementOrder } from './appeal.js'
import {
  APPEAL_TRANSITIONS,
  appealStatesBefore,
  DECIDES,
  isClosed,
  type AppealOutcome,
} from './appeal-transitions.js'
import { AppealStore, type AppealDocument } from './appeal.store.js'
import { partIn, type PartsInCase } from './may-hear.rules.js'
import { partsInAppeal } from './parts-in-appeal.js'
import { ReviewersOf } from './reviewers-of.js'
import { replacementProblem } from './replacement.rules.js'
import { SettleAppeals, type Undone } from './settle-appeals.js'
import { appealEvent, outcomeNotice } from './tell-appeal.rules.js'
import { Rounds } from '../store/rounds.js'

/** A decision on an appeal as a person gives it. */
export interface GivenOutcome {
  outcome: AppealOutcome
  reasons: GivenReasons
  replacement: ReplacementOrder | null
}

/** A claim that led to no decision for so long may be taken over. */
const CLAIM_LAPSES_MS = 72 * 3_600_000

const PARTS: Readonly<Record<keyof PartsInCase, string>> = {
  deciders: 'You decided something of what this appeal would undo.',
  hearers: 'You decided an earlier appeal about what this one would undo.',
  workers: 'You worked on the case.',
  noteWriters: 'You wrote a note in the case.',
  reviewers: 'You reviewed a decision in the case.',
  goldenKeepers: 'You put the case forward as a golden one, or approved that.',
}

/** How people who took no part in what an appeal is about hear it. */
@Injectable()
export class HearAppeals {
  constructor(
    readonly appeals: AppealStore,
    readonly cases: CaseStore,
    readonly decisions: DecisionStore,
    readonly directives: DirectiveStore,
    readonly reviewing: ReviewersOf,
    readonly settling: SettleAppeals,
    private readonly accounts: AccountStore,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** @throws Problem 404 */
  async mustFind(appealId: string): Promise<AppealDocument> {
    const found = await this.appeals.byId(appealId)
    if (!found) throw notFound('There is no such appeal.')
    return found
  }

  /**
   * Claims an appeal; one's own again changes nothing. @throws Problem 404, 412; 403 `took-part`; 409 `appeal-decided`,
   * `claimed-by-another`
   */
  async claim(appealId: string, subject: string, ifMatch?: ExpectedVersions): Promise<AppealDocument> {
    for (const rounds = new Rounds('The appeal'); ; rounds.next()) {
      const found = await this.mustFind(appealId)
      const now = this.clock.now()
      if (found.state === 'claimed' && found.claimedBy === subject) return found
      assertFresh(ifMatch, found.version)
      assertClaimable(found, now)
      await this.assertNoPart(found, subject)
      const set = { state: 'claimed' as const, claimedBy: subject, claimedAt: now, updatedAt: now }
      const event = appealEvent('appeal.claimed', found, found.version, now, subject)
      const changed = await this.appeals.change(found, set, [event])
      if (changed) return this.told(changed)
    }
  }

  /**
   * Decides an appeal that the caller has claimed, and resolves when its account reflects it. The same decision by the same
   * person again changes nothing. @throws Problem 404, 412; 400 for a replacement that does not fit; 403 `took-part`; 409
   * `not-claimed`, `claimed-by-another`, `appeal-decided`
   */
  async decide(
    appealId: string,
    given: GivenOutcome,
    subject: string,
    ifMatch?: ExpectedVersions,
  ): Promise<AppealDocument> {
    for (const rounds = new Rounds('The appeal'); ; rounds.next()) {
      const found = await this.mustFind(appealId)
      const now = this.clock.now()
      if (isSame(found.decision, given, subject)) return this.settling.finish(found)
      assertFresh(ifMatch, found.version)
      assertDecidable(found, given.outcome, subject)
      const undone = await this.settling.undoneBy(found)
      await this.assertNoPart(found, subject, undone)
      assertFits(undone, given, await this.statusOf(found), now)
      const reasons = bilingual(given.reasons)
      const decision = {
        outcome: given.outcome,
        by: subject,
        at: now,
        reasons,
        replacement: given.replacement,
      }
      const set = {
        state: APPEAL_TRANSITIONS.claimed[DECIDES[given.outcome]]!,
        decision,
        covers: undone.covers.map(({ _id }) => _id),
        undoes: undone.undoes.map(({ _id }) => _id),
        openKey: null,
        nextDueAt: null,
        settled: given.outcome === 'upheld' && !found.late,
        updatedAt: now,
      }
      const event = appealEvent('appeal.decided', found, '', now, subject, given.outcome)
      const changed = await this.appeals.change(found, set, [event, outcomeNotice(found, decision)])
      if (changed) return this.settling.finish(changed)
    }
  }

  private async statusOf({ platformId, accountId }: AppealDocument): Promise<AccountStatus> {
    return (await this.accounts.byKey(accountKey(platformId, accountId)))?.status ?? 'active'
  }

  private async told(appeal: AppealDocument): Promise<AppealDocument> {
    await this.outbox.deliver([appeal], this.appeals.appeals)
    return appeal
  }

  /** @throws Problem 403 `took-part` */
  async assertNoPart(appeal: AppealDocument, subject: string, undone?: Undone): Promise<void> {
    const about = undone ?? (await this.settling.undoneBy(appeal))
    const part = partIn(subject, await partsInAppeal(appeal, about, this))
    if (part)
      throw forbidden(`${PARTS[part]} Somebody without a part in it must hear the appeal.`, 'took-part')
  }
}

/** @throws Problem 400 */
function assertFits({ first, undoes }: Undone, given: GivenOutcome, status: AccountStatus, now: Date): void {
  const needed = given.outcome === 'partly_granted'
  if (needed !== (given.replacement !== null)) {
    const reason = needed ? 'is needed: the lesser measure' : `does not go with ${given.outcome}`
    throw badRequest('invalid-request', 'The appeal cannot be decided like this.', [
      { path: '/replacement', reason },
    ])
  }
  assertReasonsFit(bilingual(given.reasons), undoes.flatMap(({ messages }) => messages).length)
  if (!given.replacement) return
  const problem = replacementProblem(first, given.replacement, status, now)
  if (problem) throw badRequest('not-lesser', 'An appeal never makes matters worse.', [problem])
}

function assertClaimable(appeal: AppealDocument, now: Date): void {
  if (!appealStatesBefore('claim').includes(appeal.state)) {
    throw conflict('appeal-decided', `The appeal is ${appeal.state}; there is nothing to hear.`)
  }
  const lapsed = appeal.claimedAt && now.getTime() - appeal.claimedAt.getTime() >= CLAIM_LAPSES_MS
  if (appeal.state === 'claimed' && !lapsed) {
    throw conflict('claimed-by-another', 'Somebody else has claimed the appeal.')
  }
}

function assertDecidable(appeal: AppealDocument, outcome: AppealOutcome, subject: string): void {
  if (isClosed(appeal.state)) {
    throw conflict('appeal-decided', `The appeal is ${appeal.state}; there is nothing to decide.`)
  }
  if (!appealStatesBefore(DECIDES[outcome]).includes(appeal.state)) {
    throw conflict('not-claimed', 'Claim the appeal first.')
  }
  if (appeal.claimedBy !== subject) {
    throw conflict('claimed-by-another', 'Somebody else has claimed the appeal.')
  }
}

/** Whether the decision that was made is the one that is given now. */
function isSame(made: AppealDecision | null, given: GivenOutcome, subject: string): boolean {
  if (!made || made.by !== subject || made.outcome !== given.outcome) return false
  const reasons = bilingual(given.reasons)
  return (
    made.reasons.zh === reasons.zh &&
    made.reasons.en === reasons.en &&
    made.replacement?.measure === given.replacement?.measure &&
    made.replacement?.until?.getTime() === given.replacement?.until?.getTime()
  )
}
