import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common'
import type { mongo } from 'mongoose'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '#libs/platform/logger'
import { ENV, LOGGER } from '#libs/platform/tokens'
import { AccountStore } from '../accounts/account.store.js'
import { PaceVerdicts } from '../accounts/pace-verdicts.js'
import { SettleDueAccounts } from '../accounts/settle-due-accounts.js'
import { AppealStore } from '../appeals/appeal.store.js'
import { SettleAppeals } from '../appeals/settle-appeals.js'
import { CaseStore } from '../cases/case.store.js'
import { WorkOnCases } from '../cases/work-on-cases.js'
import { PublishCheckpoints } from '../audit/publish-checkpoints.js'
import type { EnforcementEnv } from '../config.js'
import { DirectiveStore } from '../directives/directive.store.js'
import { MarkOverdue } from '../directives/mark-overdue.js'
import { DecideCluster } from '../findings/decide-cluster.js'
import { Relay } from '../outbox/relay.js'
import type { WithOutbox } from '../outbox/with-outbox.js'
import { PlatformStore } from '../platforms/platform.store.js'
import { BankStore } from '../policies/bank.store.js'
import { PolicyStore } from '../policies/policy.store.js'
import { PublicationStore } from '../policies/publication.store.js'
import { GoldenCaseStore } from '../quality/golden-case.store.js'
import { ReviewStore } from '../quality/review.store.js'
import { RetainWhatIsNeeded } from '../retention/retain-what-is-needed.js'

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
    private readonly dueAccounts: SettleDueAccounts,
    private readonly pace: PaceVerdicts,
    private readonly directives: DirectiveStore,
    private readonly overdue: MarkOverdue,
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
    private readonly relay: Relay,
    private readonly checkpoints: PublishCheckpoints,
    private readonly retention: RetainWhatIsNeeded,
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
      await this.attempt('accounts', () => this.dueAccounts.settle())
      await this.attempt('directives', () => this.overdue.mark())
      await this.attempt('late appeals', () => this.settleAppeals.markLate())
      await this.attempt('appeals', () => this.settleAppeals.complete())
      await this.attempt('cases', async () => void (await this.work.wakeDue()))
      await this.attempt('clusters', () => this.clusters.complete())
      await this.attempt('waiting verdicts', () => this.pace.complete())
      await this.completeOutboxes()
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

  private async completeOutboxes(): Promise<void> {
    await this.complete(this.accounts.accounts)
    await this.complete(this.directives.directives)
    await this.complete(this.cases.cases)
    await this.complete(this.appeals.appeals)
    await this.complete(this.platforms.platforms)
    await this.complete(this.policies.policies)
    await this.complete(this.publications.publications)
    await this.complete(this.banks.banks)
    await this.complete(this.reviews.reviews)
    await this.complete(this.goldenCases.goldenCases)
  }

  /** What fails in one collection keeps nothing of another from being delivered. */
  private async complete<T extends WithOutbox>(collection: mongo.Collection<T>): Promise<void> {
    await this.attempt('outboxes', () => this.relay.complete(collection))
  }
}
