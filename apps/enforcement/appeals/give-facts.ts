import { Injectable } from '@nestjs/common'
import { derivedId } from '#libs/contracts/ids'
import { type Caller, NOBODY } from '#libs/runtime/auth/caller'
import { Clock } from '#libs/runtime/clock'
import { conflict } from '#libs/runtime/http/problem'
import { Outbox } from '../outbox/outbox.js'
import { firstLook } from '../ledger/evidence-time.rules.js'
import { AppealStore, type AppealDocument } from './appeal.store.js'
import { givenText } from './given-text.js'
import { MAX_FACTS, takesFacts } from './one-appeal.rules.js'
import { actorOf, OpenAppeal } from './open-appeal.js'
import { appealEvent } from './tell-appeal.rules.js'
import { Rounds } from '../store/rounds.js'

/** How the owner of an account says more: while the appeal is heard, or what became known after it was decided. */
@Injectable()
export class GiveFacts {
  constructor(
    private readonly appeals: AppealStore,
    private readonly openAppeal: OpenAppeal,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /**
   * Adds facts to the appeal of a code; the same text again adds nothing. What comes after the decision waits for a senior and
   * changes nothing by itself, however long it waits. @throws Problem 400, 404; 403 `not-the-owner`; 409 `appeal-withdrawn`,
   * `too-many-facts`
   */
  async give(code: string, given: string, caller: Caller = NOBODY): Promise<AppealDocument> {
    const text = givenText(given)
    for (const rounds = new Rounds('The appeal'); ; rounds.next()) {
      const found = await this.openAppeal.byOwnersCode(code, caller)
      const factId = derivedId('fact', found._id, text)
      if (found.facts.some((fact) => fact.factId === factId)) return this.told(found)
      assertTakesFacts(found)
      const at = this.clock.now()
      const afterDecision = found.decision !== null
      const set = {
        facts: [...found.facts, { factId, at, text, afterDecision }],
        factsWaiting: found.factsWaiting || afterDecision,
        updatedAt: at,
        eraseAt: firstLook(at),
      }
      const event = appealEvent('appeal.facts_given', found, factId, at, actorOf(caller))
      const changed = await this.appeals.change(found, set, [event])
      if (changed) return this.told(changed)
    }
  }

  private async told(appeal: AppealDocument): Promise<AppealDocument> {
    await this.outbox.deliver([appeal], this.appeals.appeals)
    return appeal
  }
}

function assertTakesFacts(appeal: AppealDocument): void {
  if (takesFacts(appeal)) return
  if (appeal.state === 'withdrawn') {
    throw conflict('appeal-withdrawn', 'The appeal was taken back; nobody hears it any more.')
  }
  throw conflict('too-many-facts', `An appeal can be added to ${MAX_FACTS} times.`)
}
