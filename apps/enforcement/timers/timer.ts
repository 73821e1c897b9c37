import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common'
import { setTimeout as sleep } from 'node:timers/promises'
import { Clock } from '#libs/platform/clock'
import type { Logger } from '#libs/platform/logger'
import { ENV, LOGGER } from '#libs/platform/tokens'
import { AccountChanges, type AccountRequest } from '../accounts/account-changes.js'
import { AccountStore } from '../accounts/account.store.js'
import { PaceVerdicts } from '../accounts/pace-verdicts.js'
import { applyTime } from '../accounts/apply-decision.rules.js'
import { AppealStore } from '../appeals/appeal.store.js'
import { SettleAppeals } from '../appeals/settle-appeals.js'
import { CaseStore } from '../cases/case.store.js'
import { WorkOnCases } from '../cases/work-on-cases.js'
import { PublishCheckpoints } from '../audit/publish-checkpoints.js'
import type { EnforcementEnv } from '../config.js'
import { standingAfter } from '../directives/directive-changes.rules.js'
import { DirectiveStore, type DirectiveDocument } from '../directives/directive.store.js'
import { eventOf } from '../events/event.rules.js'
import { DecideCluster } from '../findings/decide-cluster.js'
import { Outbox } from '../outbox/outbox.js'
import { pendingEvent } from '../outbox/pending-event.js'
import { Relay } from '../outbox/relay.js'
import { PlatformStore } from '../platforms/platform.store.js'
import { BankStore } from '../policies/bank.store.js'
import { PolicyStore } from '../policies/policy.store.js'
import { PublicationStore } from '../policies/publication.store.js'
import { GoldenCaseStore } from '../quality/golden-case.store.js'
import { ReviewStore } from '../quality/review.store.js'
import { RetainWhatIsNeeded } from '../retention/retain-what-is-needed.js'

const AT_ONCE = 100
/** Nothing is erased by the second; but a clock that is moved is to be looked at within ten. */
const RETENTION_EVERY_MS = 5_000

/**
 * Does what is due by the clock, completes outboxes that were left behind, and signs checkpoints of the audit log. Every
 * instance looks; each change is guarded and has derived ids, so it does not matter who comes first.
 */
@Injectable()
export class Timer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stopping = new AbortController()
  private running: Promise<void> = Promise.resolve()
  private retainedAt = -Infinity

  constructor(
    private readonly accounts: AccountStore,
    private readonly changes: AccountChanges,
    private readonly pace: PaceVerdicts,
    private readonly directives: DirectiveStore,
    private readonly cases: CaseStore,
    private readonly appeals: AppealStore,
    private readonly settleAppeals: SettleAppeals,
    private readonly work: WorkOnCases,
    private readonly clusters: DecideCluster,
    private readonly platforms: PlatformStore,
    private readonly policies: PolicyStore,
    private readonly publications: PublicationStore,
    private readonly banks: BankStore,
    private readonly reviews: ReviewStore,
    private readonly goldenCases: GoldenCaseStore,
    private readonly outbox: Outbox,
    private readonly relay: Relay,
    private readonly checkpoints: PublishCheckpoints,
    private readonly retention: RetainWhatIsNeeded,
    private readonly clock: Clock,
    @Inject(ENV) private readonly env: EnforcementEnv,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.running = this.run()
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort()
    await this.running
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      await this.attempt('accounts', () => this.settleAccounts())
      await this.attempt('directives', () => this.markOverdue())
      await this.attempt('late appeals', () => this.settleAppeals.markLate())
      await this.attempt('appeals', () => this.settleAppeals.complete())
      await this.attempt('cases', async () => void (await this.work.wakeDue()))
      await this.attempt('clusters', () => this.clusters.complete())
      await this.attempt('waiting verdicts', () => this.pace.complete())
      await this.attempt('outboxes', () => this.completeOutboxes())
      await this.attempt('checkpoints', () => this.checkpoints.publish())
      await this.attempt('retention', () => this.retain())
      await sleep(this.env.TIMER_MS, undefined, { signal: this.stopping.signal }).catch(() => undefined)
    }
  }

  /** What fails now is still due at the next look. */
  private async attempt(what: string, work: () => Promise<void>): Promise<void> {
    if (this.stopping.signal.aborted) return
    await work().catch((error: unknown) =>
      this.logger.warn({ err: error, what }, 'timer failed, trying again'),
    )
  }

  private async retain(): Promise<void> {
    if (performance.now() - this.retainedAt < RETENTION_EVERY_MS) return
    this.retainedAt = performance.now()
    if (await this.retention.erase()) this.retainedAt = -Infinity
  }

  private async settleAccounts(): Promise<void> {
    const due = await this.accounts.due(this.clock.now(), AT_ONCE)
    const requests = due.map(({ platformId, accountId }): AccountRequest => ({
      platformId,
      accountId,
      actor: 'system',
      make: (facts, context) => {
        const dueAt = facts.state?.nextDueAt
        return dueAt && dueAt <= context.now ? applyTime(facts, context) : null
      },
    }))
    // One that cannot be settled must not keep the others from it.
    await this.changes.make(requests).catch(async () => {
      for (const request of requests) await this.attempt('account', () => this.changes.make([request]))
    })
  }

  private async markOverdue(): Promise<void> {
    const now = this.clock.now()
    for (const directive of await this.directives.due(now, AT_ONCE)) await this.mark(directive, now)
  }

  private async mark(directive: DirectiveDocument, now: Date): Promise<void> {
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

  private async completeOutboxes(): Promise<void> {
    await this.relay.complete(this.accounts.accounts)
    await this.relay.complete(this.directives.directives)
    await this.relay.complete(this.cases.cases)
    await this.relay.complete(this.appeals.appeals)
    await this.relay.complete(this.platforms.platforms)
    await this.relay.complete(this.policies.policies)
    await this.relay.complete(this.publications.publications)
    await this.relay.complete(this.banks.banks)
    await this.relay.complete(this.reviews.reviews)
    await this.relay.complete(this.goldenCases.goldenCases)
  }
}
