import { Injectable } from '@nestjs/common'
import { Clock } from '#libs/runtime/clock'
import { Due } from '#libs/runtime/due'
import { countErased, tellOverdue } from '#libs/runtime/retention-metrics'
import { PolicyStore } from '../policies/policy.store.js'
import { ERASED_KINDS, EraseEvidence, type ErasedKind } from './erase-evidence.js'

/** Looked at together: some queries for all of them. */
const BATCH_SIZE = 200
/** One kind, in one turn of the timer: whatever else is due does not wait for long. */
const MAX_ROUNDS = 10
/** Nothing is erased by the second; but a clock that is moved is to be looked at within ten. */
const LOOK_EVERY_MS = 5_000

/** Keeps nothing longer than it is needed (SPEC promise 14). Any instance may at any time. */
@Injectable()
export class RetainWhatIsNeeded {
  constructor(
    private readonly erasing: EraseEvidence,
    private readonly policies: PolicyStore,
    private readonly clock: Clock,
  ) {}

  /**
   * Erases what is due, up to a limit, and says whether there may be more. One kind that fails does not keep the others from it.
   * @throws AggregateError
   */
  @Due({ order: 1000, name: 'retention', everyMs: LOOK_EVERY_MS })
  async erase(): Promise<boolean> {
    const failures: unknown[] = []
    let isMore = false
    for (const what of ERASED_KINDS) {
      try {
        if (await this.eraseOf(what)) isMore = true
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'some of what is due could not be erased')
    return isMore
  }

  private async eraseOf(what: ErasedKind): Promise<boolean> {
    const now = this.clock.now()
    tellOverdue(what, await this.erasing.overdueSince(what, now), now)
    await this.policies.refresh(now)
    const { appeals, evidence } = this.policies.inForce(now).policy
    const terms = { window: appeals.window, keepAfterAppeal: evidence.keepAfterAppeal }
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const { due, erased } = await this.erasing.look(what, now, terms, BATCH_SIZE)
      countErased(what, erased)
      if (due < BATCH_SIZE) return false
    }
    return true
  }
}
