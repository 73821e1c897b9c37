import { Injectable } from '@nestjs/common'
import { Clock } from '#libs/runtime/clock'
import { Due } from '#libs/runtime/due'
import { eventOf } from '../outbox/event.rules.js'
import { Outbox } from '../outbox/outbox.js'
import { pendingEvent } from '../outbox/pending-event.js'
import { WorkOff } from '#libs/runtime/work-off'
import { standingAfter } from '../ledger/directives/directive-changes.rules.js'
import { DirectiveStore, type DirectiveDocument } from '../ledger/directives/directive.store.js'

const BATCH_SIZE = 100

/** Marks directives that were not acknowledged or carried out in time; each deadline once. */
@Injectable()
export class MarkOverdue {
  private readonly due = new WorkOff()

  constructor(
    private readonly directives: DirectiveStore,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** @throws AggregateError on those that failed, once the others are marked */
  @Due({ order: 200, name: 'directives' })
  async mark(): Promise<void> {
    const now = this.clock.now()
    await this.due.run(
      (limit, except) => this.directives.due(now, limit, except),
      ({ _id }) => _id,
      async (some) => {
        for (const directive of some) await this.markOne(directive, now)
      },
      BATCH_SIZE,
    )
  }

  private async markOne(directive: DirectiveDocument, now: Date): Promise<void> {
    const set = standingAfter(directive, now)
    const { platformId, accountId, _id: directiveId, nextDueAt } = directive
    const code = set.state === 'issued' ? 'not-acknowledged' : 'not-done'
    const facts = { platformId, accountId, directiveId, code }
    const missed = nextDueAt?.toISOString() ?? ''
    const value = eventOf('directive.overdue', `directive/${directiveId}`, missed, now, 'system', facts)
    const pending = set.overdue ? [pendingEvent(value)] : []
    if (!(await this.directives.change(directive, set, pending))) return
    await this.outbox.deliver([{ _id: directiveId, pending }], this.directives.directives)
  }
}
