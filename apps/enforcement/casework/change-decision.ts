import { Injectable } from '@nestjs/common'
import type { Bilingual } from '#libs/contracts/directive'
import { conflict, forbidden, notFound } from '#libs/runtime/http/problem'
import { AccountLedger } from '../ledger/account-ledger.js'
import type { AccountChange, AccountFacts, ChangeContext } from '../ledger/account-draft.rules.js'
import { applyApproval, applyRefusal, applyReversal } from '../ledger/apply-decision.rules.js'
import type { DecisionRecord, DecisionStep } from '../ledger/decisions/decision.js'
import { decidersOf, strikesUnder } from '../ledger/decisions/decision-people.rules.js'
import { DecisionStore, type DecisionDocument } from '../ledger/decisions/decision.store.js'
import { bilingual, type GivenReasons } from './reasons-field.js'
import { assertReasonsFit } from './reasons-fit.rules.js'

/** What is done to a decision as it stands. */
type Apply = (
  facts: AccountFacts,
  current: DecisionRecord,
  step: DecisionStep,
  context: ChangeContext,
) => AccountChange

/** What a second person does to a decision: approve, refuse, reverse. */
@Injectable()
export class ChangeDecision {
  constructor(
    private readonly decisions: DecisionStore,
    private readonly ledger: AccountLedger,
  ) {}

  /**
   * The same by the same person again changes nothing; so it is with all three, and a request that was cut off can be sent again.
   * @throws Problem 400 for reasons that are too long, so with all three; 404; 409 `not-held`, `approved-already`, `lapsed` where
   * nobody approved it in time; 403 `own-decision` for whoever made it, or decided a strike that it rests on
   */
  async approve(decisionId: string, by: string, reasons: GivenReasons): Promise<DecisionDocument> {
    const first = await this.firstPersonsOf(decisionId)
    const approved = await this.change(
      'approval',
      decisionId,
      by,
      reasons,
      (facts, current, step, context) => {
        assertOther(first, by)
        assertHeld(current)
        if (!current.hold?.needsApproval)
          throw conflict('approved-already', 'The decision was approved; it waits for its day.')
        return applyApproval(facts, decisionId, step, context)
      },
    )
    if (approved.state === 'lapsed') throw conflict('lapsed', 'Nobody approved it in time; it has lapsed.')
    return approved
  }

  /** @throws Problem 404; 409 `not-held` */
  async refuse(decisionId: string, by: string, reasons: GivenReasons): Promise<DecisionDocument> {
    return this.change('refusal', decisionId, by, reasons, (facts, current, step, context) => {
      assertHeld(current)
      return applyRefusal(facts, decisionId, step, context)
    })
  }

  /** @throws Problem 404; 409 `not-in-force` */
  async reverse(decisionId: string, by: string, reasons: GivenReasons): Promise<DecisionDocument> {
    return this.change('reversal', decisionId, by, reasons, (facts, current, step, context) => {
      assertReversible(current)
      return applyReversal(facts, decisionId, step, context)
    })
  }

  /** Who made a decision; of a step of the ladder whoever decided or approved a strike that it rests on. */
  private async firstPersonsOf(decisionId: string): Promise<string[]> {
    const decision = await this.mustFind(decisionId)
    const { platformId, accountId } = decision
    const causes = await this.decisions.ofStrikes(platformId, accountId, strikesUnder(decision))
    return [decision.by, ...causes.flatMap(decidersOf)]
  }

  private async change(
    which: 'approval' | 'refusal' | 'reversal',
    decisionId: string,
    by: string,
    given: GivenReasons,
    apply: Apply,
  ): Promise<DecisionDocument> {
    const { platformId, accountId, messages } = await this.mustFind(decisionId)
    const reasons = bilingual(given)
    assertReasonsFit(reasons, messages.length)
    await this.ledger.change([
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
          return apply(facts, current, { by, at: context.now, reasons }, context)
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
function isSame(done: DecisionStep | null, by: string, { zh, en }: Bilingual): boolean {
  return done?.by === by && done.reasons.zh === zh && done.reasons.en === en
}

function assertHeld({ state }: DecisionRecord): void {
  if (state !== 'held')
    throw conflict('not-held', `The decision is ${state}; only a held one waits for a person.`)
}

function assertReversible({ state }: DecisionRecord): void {
  if (state === 'in_force' || state === 'expired') return
  throw conflict('not-in-force', `The decision is ${state}; there is nothing to reverse.`)
}

function assertOther(firstPersons: readonly string[], by: string): void {
  if (firstPersons.includes(by)) throw forbidden('A second person must approve it.', 'own-decision')
}
