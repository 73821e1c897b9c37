import { Injectable } from '@nestjs/common'
import { conflict, forbidden, notFound } from '#libs/platform/http/problem'
import { AccountChanges } from '../accounts/account-changes.js'
import type { AccountChange, AccountFacts, ChangeContext } from '../accounts/account-draft.rules.js'
import { applyApproval, applyRefusal, applyReversal } from '../accounts/apply-decision.rules.js'
import type { DecisionRecord, DecisionState, DecisionStep } from './decision.js'
import { DecisionStore, type DecisionDocument } from './decision.store.js'
import { bilingual, type GivenReasons } from './reasons-field.js'
import { assertRoom } from './reasons-room.rules.js'

type Apply = (
  facts: AccountFacts,
  decision: DecisionRecord,
  step: DecisionStep,
  context: ChangeContext,
) => AccountChange

/** What a second person does to a decision: approve, refuse, reverse. */
@Injectable()
export class ChangeDecision {
  constructor(
    private readonly decisions: DecisionStore,
    private readonly changes: AccountChanges,
  ) {}

  /**
   * The same by the same person again changes nothing; so it is with all three, and a request that was cut off can be sent again.
   * @throws Problem 404; 409 `not-held`, `lapsed` where nobody approved it in time; 403 `own-decision` for whoever made it
   */
  async approve(decisionId: string, by: string, reasons: GivenReasons): Promise<DecisionDocument> {
    const decision = await this.mustFind(decisionId)
    assertOther(decision, by)
    const changed = await this.change(
      decision,
      by,
      reasons,
      'approval',
      (facts, { decisionId: id, hold, state }, step, context) => {
        heldOnly(state)
        if (!hold?.needsApproval)
          throw conflict('approved-already', 'The decision was approved; it waits for its day.')
        return applyApproval(facts, id, step, context)
      },
    )
    if (changed.state === 'lapsed') throw conflict('lapsed', 'Nobody approved it in time; it has lapsed.')
    return changed
  }

  /** @throws Problem 404; 409 `not-held` */
  async refuse(decisionId: string, by: string, reasons: GivenReasons): Promise<DecisionDocument> {
    const decision = await this.mustFind(decisionId)
    return this.change(
      decision,
      by,
      reasons,
      'refusal',
      (facts, { decisionId: id, state }, step, context) => {
        heldOnly(state)
        return applyRefusal(facts, id, step, context)
      },
    )
  }

  /** @throws Problem 404; 409 `not-in-force` */
  async reverse(decisionId: string, by: string, reasons: GivenReasons): Promise<DecisionDocument> {
    const decision = await this.mustFind(decisionId)
    return this.change(
      decision,
      by,
      reasons,
      'reversal',
      (facts, { decisionId: id, state }, step, context) => {
        doneOnly(state)
        return applyReversal(facts, id, step, facts.shared, context)
      },
    )
  }

  private async change(
    decision: DecisionDocument,
    by: string,
    reasons: GivenReasons,
    which: 'approval' | 'refusal' | 'reversal',
    apply: Apply,
  ): Promise<DecisionDocument> {
    const { decisionId, platformId, accountId, messages } = decision
    assertRoom(bilingual(reasons), messages.length)
    await this.changes.make([
      {
        platformId,
        accountId,
        actor: by,
        decisionIds: [decisionId],
        undoes: which === 'reversal' ? [decisionId] : [],
        messageIds: messages.map((message) => message.messageId),
        make: (facts, context) => {
          const current = facts.decisions.find((found) => found.decisionId === decisionId)!
          if (isSame(current[which], by, reasons)) return null
          return apply(facts, current, { by, at: context.now, reasons: bilingual(reasons) }, context)
        },
      },
    ])
    return this.mustFind(decisionId)
  }

  private async mustFind(decisionId: string): Promise<DecisionDocument> {
    const decision = await this.decisions.byId(decisionId)
    if (!decision) throw notFound('There is no such decision.')
    return decision
  }
}

/** Whether somebody did just this before. */
function isSame(done: DecisionStep | null, by: string, reasons: GivenReasons): boolean {
  const { zh, en } = bilingual(reasons)
  return done?.by === by && done.reasons.zh === zh && done.reasons.en === en
}

function heldOnly(state: DecisionState): void {
  if (state !== 'held')
    throw conflict('not-held', `The decision is ${state}; only a held one waits for a person.`)
}

function doneOnly(state: DecisionState): void {
  if (state === 'in_force' || state === 'expired') return
  throw conflict('not-in-force', `The decision is ${state}; there is nothing to reverse.`)
}

function assertOther(decision: DecisionDocument, by: string): void {
  if (decision.by === by) throw forbidden('A second person must approve it.', 'own-decision')
}
