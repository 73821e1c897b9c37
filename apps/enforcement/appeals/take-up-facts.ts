import { Injectable } from '@nestjs/common'
import { Clock } from '#libs/runtime/clock'
import { assertFresh, type ExpectedVersions } from '#libs/runtime/http/if-match'
import { conflict, forbidden } from '#libs/runtime/http/problem'
import { DecisionStore } from '../ledger/decisions/decision.store.js'
import { Outbox } from '../outbox/outbox.js'
import { APPEAL_TRANSITIONS, appealStatesBefore } from './appeal-transitions.js'
import { AppealStore, type AppealDocument } from './appeal.store.js'
import { HearAppeals } from './hear-appeals.js'
import { appealEvent } from './tell-appeal.rules.js'
import { Rounds } from '../store/rounds.js'

/** How a senior hears an appeal again for the sake of facts that became known after it was decided. */
@Injectable()
export class TakeUpFacts {
  constructor(
    private readonly appeals: AppealStore,
    private readonly hearing: HearAppeals,
    private readonly decisions: DecisionStore,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /**
   * Opens the hearing again and claims it; one's own again changes nothing. The measure stands meanwhile, however long that
   * takes: nothing becomes late. @throws Problem 404, 412; 403 `took-part`; 409 `not-upheld`, `no-new-facts`,
   * `undone-already`
   */
  async reopen(appealId: string, subject: string, ifMatch?: ExpectedVersions): Promise<AppealDocument> {
    for (const rounds = new Rounds('The appeal'); ; rounds.next()) {
      const found = await this.hearing.mustFind(appealId)
      const { decision } = found
      if (found.state === 'claimed' && found.claimedBy === subject && found.earlier.length > 0) return found
      assertFresh(ifMatch, found.version)
      assertReopens(found)
      if (decision?.by === subject)
        throw forbidden('You decided this appeal. Somebody else must hear it.', 'took-part')
      await this.hearing.assertNoPart(found, subject)
      await this.assertStands(found)
      const now = this.clock.now()
      const set = {
        state: APPEAL_TRANSITIONS[found.state].reopen!,
        earlier: [...found.earlier, decision!],
        decision: null,
        factsWaiting: false,
        claimedBy: subject,
        claimedAt: now,
        openKey: found.measureRoot,
        updatedAt: now,
      }
      const event = appealEvent('appeal.reopened', found, '', now, subject)
      const changed = await this.appeals.change(found, set, [event])
      if (!changed) continue
      await this.outbox.deliver([changed], this.appeals.appeals)
      return changed
    }
  }

  private async assertStands({ decisionId }: AppealDocument): Promise<void> {
    const decision = await this.decisions.byId(decisionId)
    if (decision?.state === 'in_force' || decision?.state === 'expired') return
    throw conflict('undone-already', 'The measure has been undone already.')
  }
}

function assertReopens({ state, factsWaiting }: AppealDocument): void {
  if (!appealStatesBefore('reopen').includes(state)) {
    throw conflict('not-upheld', `The appeal is ${state}; only one that was upheld is heard again.`)
  }
  if (!factsWaiting) throw conflict('no-new-facts', 'Nothing was told since the appeal was decided.')
}
