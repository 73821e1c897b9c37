import { Injectable, type OnApplicationBootstrap } from '@nestjs/common'
import { Gauge, register } from 'prom-client'
import type { DeliveryReport } from '#libs/contracts/delivery-report'
import { AccountLedger, type AccountRequest } from '../ledger/account-ledger.js'
import { applyReports } from '../ledger/apply-notice.rules.js'
import { DecisionStore, type DecisionDocument } from '../ledger/decisions/decision.store.js'

/** The notice on whose delivery something waits. */
const WAITED_FOR = 'ban-intended'
const UNDELIVERED = 'weir_enforcement_bans_undelivered'

/** Takes what became of the notices of intended bans into the decisions that wait for it; nothing else waits for a notice. */
@Injectable()
export class TakeDeliveries implements OnApplicationBootstrap {
  constructor(
    private readonly decisions: DecisionStore,
    private readonly ledger: AccountLedger,
  ) {}

  onApplicationBootstrap(): void {
    const { decisions } = this
    register.removeSingleMetric(UNDELIVERED)
    new Gauge({
      name: UNDELIVERED,
      help: 'Bans on hold because their notice of intent reached nobody.',
      async collect() {
        // The database may be away; the other metrics are then still shown.
        await decisions.countUndelivered().then(
          (count) => this.set(count),
          () => this.reset(),
        )
      },
    })
  }

  /** Idempotent; reports of notices that nothing waits for change nothing. */
  async take(reports: readonly DeliveryReport[]): Promise<void> {
    const byNotice = Map.groupBy(
      reports.filter(({ template = WAITED_FOR }) => template === WAITED_FOR),
      ({ noticeId }) => noticeId,
    )
    const held = await this.decisions.heldByNotices([...byNotice.keys()])
    const byAccount = Map.groupBy(held, ({ accountKey }) => accountKey)
    await this.ledger.change([...byAccount.values()].map((some) => requestFor(some, byNotice)))
  }
}

function requestFor(
  held: readonly DecisionDocument[],
  byNotice: ReadonlyMap<string, readonly DeliveryReport[]>,
): AccountRequest {
  const { platformId, accountId } = held[0]!
  const reports = new Map(
    held.map(({ decisionId, intent }) => [decisionId, byNotice.get(intent!.noticeId) ?? []]),
  )
  return {
    platformId,
    accountId,
    actor: 'system',
    decisionIds: [...reports.keys()],
    make: (facts, context) => applyReports(facts, reports, context),
  }
}
