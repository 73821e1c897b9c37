import { Injectable } from '@nestjs/common'
import { Clock } from '#libs/platform/clock'
import { AccountChanges, type AccountRequest } from '../accounts/account-changes.js'
import { strikeIdOf } from '../accounts/account-state.js'
import { DecisionStore, type DecisionDocument } from '../decisions/decision.store.js'
import { Outbox } from '../outbox/outbox.js'
import { AppealStore, type AppealDocument } from './appeal.store.js'
import {
  applyGrant,
  applyPause,
  applyReplacement,
  applyResumption,
  replacementIdOf,
} from './apply-appeal.rules.js'
import { appealEvent } from './tell-appeal.rules.js'

const AT_ONCE = 100
/** Whoever changed an appeal settles it at once; after this it is taken for cut off. */
const LEFT_BEHIND_MS = 5_000

/**
 * Brings accounts to what their appeals have come to. The appeal is changed first, marked as not settled; then its account,
 * by a change that is made once however often it is asked for; then the mark goes. Whatever is cut off between is completed
 * by any instance (docs/adr/0087).
 */
@Injectable()
export class SettleAppeals {
  constructor(
    private readonly appeals: AppealStore,
    private readonly decisions: DecisionStore,
    private readonly changes: AccountChanges,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** Settles an appeal and tells of it. When this resolves the account reflects it. */
  async finish(appeal: AppealDocument): Promise<AppealDocument> {
    if (!appeal.settled) {
      const request = await this.requestFor(appeal)
      if (request) await this.changes.make([request])
      await this.appeals.markSettled(appeal)
    }
    await this.outbox.deliver([appeal], this.appeals.appeals)
    return { ...appeal, settled: true }
  }

  /** Marks the appeals that were not decided in time and suspends their measures; each once. */
  async markLate(): Promise<void> {
    const now = this.clock.now()
    for (const appeal of await this.appeals.due(now, AT_ONCE)) {
      const set = { late: true, nextDueAt: null, settled: false, updatedAt: now }
      const event = appealEvent('appeal.late', appeal, '', now, 'system')
      const changed = await this.appeals.change(appeal, set, [event])
      if (changed) await this.finish(changed)
    }
  }

  /** Completes what was cut off. `olderThanMs`: since when by the machine's clock. */
  async complete(olderThanMs = LEFT_BEHIND_MS): Promise<void> {
    const before = new Date(Date.now() - olderThanMs)
    const failures: unknown[] = []
    for (const appeal of await this.appeals.unsettled(before, AT_ONCE)) {
      // One that cannot be settled must not keep the others from it.
      await this.finish(appeal).catch((error: unknown) => failures.push(error))
    }
    if (failures.length > 0) throw new AggregateError(failures, 'some appeals could not be settled')
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

  private async pause(appeal: AppealDocument): Promise<AccountRequest> {
    const decision = await this.mustFind(appeal)
    return {
      ...about(appeal, 'system', [decision]),
      undoes: [decision._id],
      make: (facts, context) => applyPause(facts, decision._id, appeal._id, context),
    }
  }

  private async resumption(appeal: AppealDocument): Promise<AccountRequest> {
    const decision = await this.mustFind(appeal)
    return {
      ...about(appeal, appeal.decision?.by ?? 'system', [decision]),
      make: (facts, context) => applyResumption(facts, decision._id, appeal._id, context),
    }
  }

  private async grant(appeal: AppealDocument): Promise<AccountRequest> {
    const hearing = appeal.decision!
    const undone = await this.undoneBy(appeal)
    const ids = undone.map((decision) => decision._id)
    return {
      ...about(appeal, hearing.by, undone),
      undoes: ids,
      make: (facts, context) => applyGrant(facts, ids, hearingOf(hearing), context),
    }
  }

  private async replacement(appeal: AppealDocument): Promise<AccountRequest> {
    const hearing = appeal.decision!
    const decision = await this.mustFind(appeal)
    return {
      ...about(appeal, hearing.by, [decision]),
      undoes: [decision._id],
      decisionIds: [replacementIdOf(appeal._id)],
      make: (facts, context) =>
        applyReplacement(
          facts,
          decision._id,
          { ...hearing.replacement!, appealId: appeal._id },
          hearingOf(hearing),
          context,
        ),
    }
  }

  /**
   * What a grant undoes: the decision, then, for a step of the ladder, those that added the strike which led to it
   * (docs/adr/0088).
   */
  async undoneBy(appeal: AppealDocument): Promise<[DecisionDocument, ...DecisionDocument[]]> {
    const decision = await this.mustFind(appeal)
    const [message] = decision.messages
    if (decision.stepId === null || !message) return [decision]
    const { platformId, accountId } = appeal
    const strikeId = strikeIdOf(platformId, accountId, message.messageId)
    const causes = await this.decisions.ofStrike(platformId, accountId, strikeId)
    return [decision, ...causes.filter((cause) => cause._id !== decision._id)]
  }

  private async mustFind({ decisionId }: AppealDocument): Promise<DecisionDocument> {
    const decision = await this.decisions.byId(decisionId)
    if (!decision) throw new RangeError(`decision ${decisionId} of an appeal is not there`)
    return decision
  }
}

function about(
  appeal: AppealDocument,
  actor: string,
  decisions: readonly DecisionDocument[],
): Omit<AccountRequest, 'make'> {
  return {
    platformId: appeal.platformId,
    accountId: appeal.accountId,
    actor,
    decisionIds: decisions.map((decision) => decision._id),
    messageIds: decisions.flatMap((decision) => decision.messages.map((message) => message.messageId)),
  }
}

function hearingOf({ by, at, reasons }: NonNullable<AppealDocument['decision']>) {
  return { by, at, reasons }
}
