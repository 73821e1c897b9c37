import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common'
import { setTimeout as sleep } from 'node:timers/promises'
import { Gauge } from 'prom-client'
import { accountKey } from '#libs/contracts/ids'
import type { Verdict } from '#libs/contracts/verdict'
import type { Logger } from '#libs/platform/logger'
import { LOGGER } from '#libs/platform/tokens'
import type { AccountRef } from '../cases/case.js'
import { CaseEntryStore } from '../cases/case-entry.store.js'
import { PolicyStore } from '../policies/policy.store.js'
import { byAccountKey, enteringCases, MOST_PER_CHANGE, TakeVerdicts } from './take-verdicts.js'

/** Verdicts on an account that was changed less than this ago wait until then, and are taken in together. */
const PAUSE_MS = 200
/** More than these of one account do not wait: nobody runs up more than can be worked off. */
const MOST_WAITING = 10 * MOST_PER_CHANGE
/** Accounts beside each other: where many are busy, they are better changed together, batch by batch. */
const MOST_PACED = 16
/** Whoever lets verdicts wait takes them in; after this it is taken for cut off. */
const LEFT_BEHIND_MS = 5_000

const pacedAccounts = new Gauge({
  name: 'weir_enforcement_accounts_paced',
  help: 'Accounts of this instance that verdicts wait for, because they come faster than an account is changed.',
})
const leftWaiting = new Gauge({
  name: 'weir_enforcement_verdicts_left_waiting_seconds',
  help: 'For how long the verdict has waited that waits longest for its account, or nobody could look; 0 up to 5 s.',
})

/** An account that verdicts wait for. */
interface Paced {
  /** That have come since it was last changed. */
  verdicts: number
}

/**
 * Keeps one account that never stops from taking what all accounts share: a change reads and writes the whole account, however
 * many verdicts it takes in. What waits is durable before its records are committed (docs/adr/0104).
 */
@Injectable()
export class PaceVerdicts implements BeforeApplicationShutdown {
  private readonly stopping = new AbortController()
  /** By account: when its last change ended, the oldest first. Milliseconds of the process's clock. */
  private readonly changedAt = new Map<string, number>()
  private readonly paced = new Map<string, Paced>()
  private readonly running = new Set<Promise<void>>()
  /** When what was left waiting was last looked for; nothing waits before, or after a look that failed. */
  private lookedAt = Date.now()
  private canLook = false

  constructor(
    private readonly takeVerdicts: TakeVerdicts,
    private readonly entries: CaseEntryStore,
    private readonly policies: PolicyStore,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort()
    await Promise.all(this.running)
  }

  /** Resolves when each verdict that enters a case is taken in, or durable and about to be. @throws as `TakeVerdicts.take` */
  async take(verdicts: readonly Verdict[], heartbeat: () => Promise<void>): Promise<void> {
    this.forget(performance.now() - PAUSE_MS)
    const now: Verdict[] = []
    const later: Verdict[] = []
    let room = MOST_PACED - this.paced.size
    for (const [key, some] of byAccountKey(enteringCases(verdicts))) {
      const waits = this.mayWait(key, some.length, room)
      if (waits && !this.paced.has(key)) room--
      ;(waits ? later : now).push(...some)
    }
    const results = await Promise.allSettled([this.keep(later), this.takeVerdicts.take(now, heartbeat)])
    for (const result of results) if (result.status === 'rejected') throw result.reason
    for (const key of byAccountKey(now).keys()) this.changed(key)
  }

  /** Takes in what was left waiting by an instance that is gone, or by an outage. */
  async complete(): Promise<void> {
    const now = Date.now()
    try {
      const left = await this.entries.waitingSince(new Date(now - LEFT_BEHIND_MS), MOST_PACED)
      leftWaiting.set(left[0] ? (now - left[0].since.getTime()) / 1_000 : 0)
      for (const account of left) this.paceAnew(account)
      this.canLook = true
      this.lookedAt = now
    } catch (error) {
      leftWaiting.set((now - this.lookedAt) / 1_000)
      this.canLook = false
      throw error
    }
  }

  /** Behind what waits others wait too, so that they are taken in in their order. `room`: for so many more accounts. */
  private mayWait(key: string, verdicts: number, room: number): boolean {
    if (!this.canLook || this.stopping.signal.aborted) return false
    const paced = this.paced.get(key)
    if (paced) return paced.verdicts < MOST_WAITING
    return verdicts < MOST_PER_CHANGE && this.changedAt.has(key) && room > 0
  }

  private async keep(verdicts: readonly Verdict[]): Promise<void> {
    if (verdicts.length === 0) return
    // One of an unknown policy is refused while its record can still be kept as a dead letter.
    await this.policies.byVersions(verdicts.map((verdict) => verdict.policyVersion))
    await this.entries.keepWaiting(verdicts, new Date())
    for (const verdict of verdicts) this.pace(verdict)
  }

  private pace(account: AccountRef): void {
    const paced = this.paced.get(accountKey(account.platformId, account.accountId))
    if (paced) paced.verdicts++
    else this.begin(account)
  }

  private paceAnew(account: AccountRef): void {
    const isKnown = this.paced.has(accountKey(account.platformId, account.accountId))
    if (!isKnown && this.paced.size < MOST_PACED) this.begin(account)
  }

  private begin({ platformId, accountId }: AccountRef): void {
    const key = accountKey(platformId, accountId)
    const paced = { verdicts: 1 }
    this.paced.set(key, paced)
    pacedAccounts.set(this.paced.size)
    const running = this.changeInTurns(key, { platformId, accountId }, paced)
    this.running.add(running)
    void running.finally(() => this.running.delete(running))
  }

  /** Changes the account again and again, for as long as verdicts come meanwhile and are taken in. Never rejects. */
  private async changeInTurns(key: string, account: AccountRef, paced: Paced): Promise<void> {
    const { signal } = this.stopping
    let isWell = true
    while (isWell && paced.verdicts > 0) {
      const pause = (this.changedAt.get(key) ?? 0) + PAUSE_MS - performance.now()
      if (pause > 0) await sleep(pause, undefined, { signal }).catch(() => undefined)
      paced.verdicts = 0
      isWell = await this.takeIn(key, account)
    }
    // In the turn in which nothing was found to wait: what comes from now on starts anew.
    this.paced.delete(key)
    pacedAccounts.set(this.paced.size)
  }

  /** Whether all that waits was taken in. The rest is left: it is tried again as what a dead instance leaves. */
  private async takeIn(key: string, account: AccountRef): Promise<boolean> {
    try {
      await this.takeVerdicts.takeWaiting(account)
      this.changed(key)
      return true
    } catch (err) {
      this.logger.warn({ err, ...account }, 'verdicts wait on for their account, trying again later')
      return false
    }
  }

  private changed(key: string): void {
    this.forget(performance.now() - PAUSE_MS)
    this.changedAt.delete(key)
    this.changedAt.set(key, performance.now())
  }

  private forget(before: number): void {
    for (const [key, at] of this.changedAt) {
      if (at >= before) return
      this.changedAt.delete(key)
    }
  }
}
