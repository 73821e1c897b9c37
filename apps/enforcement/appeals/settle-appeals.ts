import { Injectable } from '@nestjs/common'
import { Clock } from '#libs/runtime/clock'
import { ABANDONED_AFTER_MS, Due } from '#libs/runtime/due'
import { AccountLedger, type AccountRequest } from '../ledger/account-ledger.js'
import type { AccountChange, AccountFacts, ChangeContext } from '../ledger/account-draft.rules.js'
import { strikeIdOf } from '../ledger/account-state.js'
import type { DecisionRecord, DecisionStep } from '../ledger/decisions/decision.js'
import { DecisionStore, type DecisionDocument } from '../ledger/decisions/decision.store.js'
import { Outbox } from '../outbox/outbox.js'
import { NO_GROUND } from '../ledger/statements/reasons.rules.js'
import { WorkOff } from '#libs/runtime/work-off'
import { AppealStore, type AppealDocument } from './appeal.store.js'
import {
  applyGrant,
  applyPause,
  applyReplacement,
  applyResumption,
  replacementIdOf,
} from './apply-appeal.rules.js'
import { besideCauses, coveredBy, isUndoable } from './covered-decisions.rules.js'
import { appealEvent } from './tell-appeal.rules.js'

/** What an appeal is about, and what granting it undoes, as things stand. */
export interface Undone {
  /** The decision that stands for all that the measure rests on. */
  first: DecisionDocument
  /** What the measure rests on; empty where all of it has been undone. */
  covers: DecisionDocument[]
  undoes: DecisionDocument[]
}

const BATCH_SIZE = 100

/**
 * Brings accounts to what their appeals have come to. The appeal is changed first, marked as not settled; then its account,
 * by a change that is made once however often it is asked for; then the mark goes. Whatever is cut off between is completed
 * by any instance (docs/adr/0087).
 */
@Injectable()
export class SettleAppeals {
  private readonly lateOnes = new WorkOff()
  private readonly cutOff = new WorkOff()

  constructor(
    private readonly appeals: AppealStore,
    private readonly decisions: DecisionStore,
    private readonly ledger: AccountLedger,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** Settles an appeal and tells of it. When this resolves the account reflects it. */
  async finish(appeal: AppealDocument): Promise<AppealDocument> {
    if (!appeal.settled) {
      const request = await this.requestFor(appeal)
      if (request) await this.ledger.change([request])
      await this.appeals.markSettled(appeal)
    }
    await this.outbox.deliver([appeal], this.appeals.appeals)
    return { ...appeal, settled: true }
  }

  /**
   * Marks the appeals that were not decided in time and suspends their measures; each once. @throws AggregateError on those that
   * failed, once the others are done
   */
  @Due({ order: 300, name: 'late appeals' })
  async markLate(): Promise<void> {
    const now = this.clock.now()
    await this.lateOnes.run(
      (limit, except) => this.appeals.due(now, limit, except),
      ({ _id }) => _id,
      async (some) => {
        for (const appeal of some) await this.markOne(appeal, now)
      },
      BATCH_SIZE,
    )
  }

  /**
   * Completes what was cut off. `olderThanMs`: since when by the machine's clock. @throws AggregateError on those that failed, once
   * the others are done
   */
  @Due({ order: 400, name: 'appeals' })
  async complete(olderThanMs = ABANDONED_AFTER_MS): Promise<void> {
    const before = new Date(Date.now() - olderThanMs)
    await this.cutOff.run(
      (limit, except) => this.appeals.unsettled(before, limit, except),
      ({ _id }) => _id,
      async (some) => {
        for (const appeal of some) await this.finish(appeal)
      },
      BATCH_SIZE,
    )
  }

  private async markOne(appeal: AppealDocument, now: Date): Promise<void> {
    const set = { late: true, nextDueAt: null, settled: false, updatedAt: now }
    const event = appealEvent('appeal.late', appeal, '', now, 'system')
    const changed = await this.appeals.change(appeal, set, [event])
    if (changed) await this.finish(changed)
  }

  private async requestFor(appeal: AppealDocument): Promise<AccountRequest | null> {
    const { state, late } = appeal
    switch (state) {
      case 'open':
      case 'claimed':
        return late ? this.pause(appeal) : null
      case 'upheld':
      case 'withdrawn':
        return late ? this.resumption(appeal) : null
      case 'granted':
        return this.grant(appeal)
      case 'partly_granted':
        return this.replacement(appeal)
    }
  }

  private pause(appeal: AppealDocument): AccountRequest {
    return this.onMeasure(appeal, 'system', (facts, context, ids) =>
      applyPause(facts, ids, appeal._id, context),
    )
  }

  private resumption(appeal: AppealDocument): AccountRequest {
    return this.onMeasure(appeal, appeal.decision?.by ?? 'system', (facts, context, ids) =>
      applyResumption(facts, ids, appeal._id, context),
    )
  }

  /** A change of all decisions that the measure rests on at the moment of the change. */
  private onMeasure(
    appeal: AppealDocument,
    actor: string,
    make: (facts: AccountFacts, context: ChangeContext, ids: string[]) => AccountChange | null,
  ): AccountRequest {
    const { platformId, accountId, directiveId } = appeal
    return {
      platformId,
      accountId,
      actor,
      directiveIds: [directiveId],
      make: (facts, context) => make(facts, context, idsOf(coveredBy(appeal, facts.decisions))),
    }
  }

  private async grant(appeal: AppealDocument): Promise<AccountRequest> {
    return granting(appeal, hearingOf(appeal), await this.decisions.byIds(appeal.undoes ?? []))
  }

  private async replacement(appeal: AppealDocument): Promise<AccountRequest> {
    const hearing = appeal.decision!
    const replaced = await this.decisions.byIds(appeal.covers ?? [])
    const lesserId = replacementIdOf(appeal._id)
    return {
      ...about(appeal, hearing.by, replaced, [lesserId]),
      undoes: idsOf(replaced),
      make: (facts, context) =>
        applyReplacement(
          facts,
          appeal.covers ?? [],
          { ...hearing.replacement!, appealId: appeal._id },
          hearingOf(appeal),
          context,
        ),
    }
  }

  /**
   * What the appeal is about as things stand, and what granting it undoes: the decisions that its measure rests on, the first
   * of which stands for all; for a step of the ladder also those that added the strike which led to it, with what else keeps
   * their message away (docs/adr/0088, 0107); and the steps of the ladder that would fall with all that.
   */
  async undoneBy(appeal: AppealDocument): Promise<Undone> {
    const named = await this.mustFind(appeal)
    const covers = coveredBy(appeal, await this.decisions.onDirectives([appeal.directiveId]))
    const undoes = [...covers, ...(await this.causesOf(covers[0] ?? named))]
    return {
      first: covers[0] ?? named,
      covers,
      undoes: [...new Map(undoes.map((one) => [one._id, one])).values()],
    }
  }

  /** The steps of the ladder that would be taken back if the appeal were granted now, because their strikes fall. */
  async stepsFelledBy(appeal: AppealDocument, { undoes }: Undone): Promise<DecisionRecord[]> {
    const now = this.clock.now()
    const hearing = { by: 'system', at: now, reasons: NO_GROUND }
    const change = await this.ledger.preview(granting(appeal, hearing, undoes))
    const own = new Set(idsOf(undoes))
    return (change?.pending ?? []).flatMap((entry) =>
      'write' in entry && entry.write === 'decision' && entry.value.state === 'reversed'
        ? entry.value.stepId !== null && !own.has(entry.value.decisionId)
          ? [entry.value]
          : []
        : [],
    )
  }

  private async causesOf(step: DecisionDocument): Promise<DecisionDocument[]> {
    const [message] = step.messages
    if (step.stepId === null || !message) return []
    const { platformId, accountId } = step
    const strikeId = strikeIdOf(platformId, accountId, message.messageId)
    const causes = (await this.decisions.ofStrikes(platformId, accountId, [strikeId])).filter(isUndoable)
    const beside = await this.decisions.onDirectives(causes.flatMap(({ directiveIds }) => directiveIds))
    return [...causes, ...besideCauses(causes, message.messageId, beside)]
  }

  private async mustFind({ decisionId }: AppealDocument): Promise<DecisionDocument> {
    const decision = await this.decisions.byId(decisionId)
    if (!decision) throw new RangeError(`decision ${decisionId} of an appeal is not there`)
    return decision
  }
}

function granting(
  appeal: AppealDocument,
  hearing: DecisionStep,
  undone: readonly DecisionDocument[],
): AccountRequest {
  const ids = idsOf(undone)
  return {
    ...about(appeal, hearing.by, undone),
    undoes: ids,
    make: (facts, context) => applyGrant(facts, ids, hearing, context),
  }
}

function about(
  { platformId, accountId }: AppealDocument,
  actor: string,
  decisions: readonly DecisionDocument[],
  others: readonly string[] = [],
): Omit<AccountRequest, 'make'> {
  return {
    platformId,
    accountId,
    actor,
    decisionIds: [...idsOf(decisions), ...others],
    messageIds: decisions.flatMap((decision) => decision.messages.map((message) => message.messageId)),
  }
}

function idsOf(decisions: readonly Pick<DecisionRecord, 'decisionId'>[]): string[] {
  return decisions.map(({ decisionId }) => decisionId)
}

function hearingOf(appeal: AppealDocument): DecisionStep {
  const { by, at, reasons } = appeal.decision!
  return { by, at, reasons, appealId: appeal._id }
}
