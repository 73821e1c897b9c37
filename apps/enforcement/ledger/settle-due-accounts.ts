import { Injectable } from '@nestjs/common'
import { Clock } from '#libs/runtime/clock'
import { Due } from '#libs/runtime/due'
import { WorkOff } from '#libs/runtime/work-off'
import { AccountLedger, type AccountRequest } from './account-ledger.js'
import { AccountStore, type AccountDocument } from './account.store.js'
import { applyTime } from './apply-decision.rules.js'

const BATCH_SIZE = 100

/** Brings accounts to where time has brought them: strikes that expire, measures that end or begin. */
@Injectable()
export class SettleDueAccounts {
  private readonly due = new WorkOff()

  constructor(
    private readonly accounts: AccountStore,
    private readonly ledger: AccountLedger,
    private readonly clock: Clock,
  ) {}

  /** @throws AggregateError on those that failed, once the others are settled */
  @Due({ order: 100, name: 'accounts' })
  async settle(): Promise<void> {
    await this.due.run(
      (limit, except) => this.accounts.due(this.clock.now(), limit, except),
      ({ _id }) => _id,
      (some) => this.ledger.change(some.map(requestFor)),
      BATCH_SIZE,
    )
  }
}

function requestFor({
  platformId,
  accountId,
}: Pick<AccountDocument, 'platformId' | 'accountId'>): AccountRequest {
  return {
    platformId,
    accountId,
    actor: 'system',
    make: (facts, context) => {
      const dueAt = facts.state?.nextDueAt
      return dueAt && dueAt <= context.now ? applyTime(facts, context) : null
    },
  }
}
