import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common'
import { setTimeout as sleep } from 'node:timers/promises'
import { Gauge } from 'prom-client'
import { accountKey } from '#libs/contracts/ids'
import type { Verdict } from '#libs/contracts/verdict'
import { ABANDONED_AFTER_MS, Due } from '#libs/runtime/due'
import type { Logger } from '#libs/runtime/logger'
import { LOGGER } from '#libs/runtime/tokens'
import type { AccountRef } from '../ledger/cases/case.js'
import { CaseEntryStore } from '../ledger/cases/case-entry.store.js'
import { PolicyStore } from '../policies/policy.store.js'
import { WorkOff } from '#libs/runtime/work-off'
import { byAccountKey, enteringCases } from '../ledger/entering-verdicts.rules.js'
import { MAX_PER_CHANGE, TakeVerdicts } from './take-verdicts.js'

/** Verdicts on an account that was changed less than this ago wait until then, and are taken in together. */
const PAUSE_MS = 200
/** Where so many of one account wait, whoever brings them waits too: nobody runs up more than can be worked off. */
const MAX_WAITING = 10 * MAX_PER_CHANGE
/** Accounts beside each other: where many are busy, they are better changed together, batch by batch. */
const MAX_HOT = 16

const hotAccounts = new Gauge({
  name: 'weir_enforcement_accounts_paced',
  help: 'Accounts of this instance with queued verdicts.',
})
const leftWaiting = new Gauge({
  name: 'weir_enforcement_verdicts_left_waiting_seconds',
  help: 'Age of the oldest queued verdict in seconds; 0 up to 5 s.',
})

/** An account that verdicts wait for. */
interface HotAccount {
  /** That have come since it was last changed. */
  verdicts: number
  /** Resolves when none waits any more, or those that wait cannot be taken in now. */
  done: Promise<void>
}

/**
 * Keeps one account that never stops from taking what all accounts share: a change reads and writes the whole account, however
 * many verdicts it takes in. What waits is durable before its records are committed (docs/adr/0104).
 */
@Injectable()
export class HotAccounts implements BeforeApplicationShutdown {
  private readonly stopping = new AbortController()
  /** By account: when its last change ended, the oldest first. Milliseconds of the process's clock. */
  private readonly changedAt = new Map<string, number>()
  private readonly hot = new Map<string, HotAccount>()
  /** Accounts whose verdicts could not be taken in: others that wait have their turn before them. */
  private readonly failing = new WorkOff()
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
    await Promise.all([...this.hot.values()].map(({ done }) => done))
  }

  /** Resolves when each verdict that enters a case is taken in, or durable and about to be. @throws as `TakeVerdicts.take` */
  async take(all: readonly Verdict[], heartbeat: () => Promise<void>): Promise<void> {
    this.forget(performance.now() - PAUSE_MS)
    const now = new Map<string, Verdict[]>()
    const later: Verdict[] = []
    let room = MAX_HOT - this.hot.size
    for (const [key, verdicts] of byAccountKey(enteringCases(all))) {
      if (!this.mayWait(key, verdicts.length, room)) now.set(key, verdicts)
      else {
        if (!this.hot.has(key)) room--
        later.push(...verdicts)
      }
    }
    const taking = this.takeVerdicts.take([...now.values()].flat(), heartbeat)
    const results = await Promise.allSettled([this.keep(later), taking])
    for (const result of results) if (result.status === 'rejected') throw result.reason
    for (const key of now.keys()) this.changed(key)
  }

  /** Takes in what was left waiting by an instance that is gone, or by an outage. */
  @Due({ order: 700, name: 'waiting verdicts' })
  async complete(): Promise<void> {
    const now = Date.now()
    try {
      const resting = new Set(this.failing.resting())
      const before = new Date(now - ABANDONED_AFTER_MS)
      const left = await this.entries.waitingSince(before, MAX_HOT + resting.size)
      leftWaiting.set(left[0] ? (now - left[0].since.getTime()) / 1_000 : 0)
      const open = left.filter(({ platformId, accountId }) => !resting.has(accountKey(platformId, accountId)))
      for (const account of open) if (this.hot.size < MAX_HOT) this.queue(account)
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
    if (this.hot.has(key)) return true
    return verdicts < MAX_PER_CHANGE && this.changedAt.has(key) && room > 0
  }

  private async keep(verdicts: readonly Verdict[]): Promise<void> {
    if (verdicts.length === 0) return
    // One of an unknown policy is refused while its record can still be kept as a dead letter.
    await this.policies.byVersions(verdicts.map((verdict) => verdict.policyVersion))
    await this.entries.keepWaiting(verdicts, new Date())
    const accounts = new Set(verdicts.map((verdict) => this.queue(verdict)))
    for (const queued of accounts) if (queued.verdicts >= MAX_WAITING) await queued.done
  }

  /** Has one more verdict of the account taken in. */
  private queue({ platformId, accountId }: AccountRef): HotAccount {
    const key = accountKey(platformId, accountId)
    const known = this.hot.get(key)
    if (known) {
      known.verdicts++
      return known
    }
    const queued: HotAccount = { verdicts: 1, done: Promise.resolve() }
    this.hot.set(key, queued)
    hotAccounts.set(this.hot.size)
    queued.done = this.changeInTurns(key, { platformId, accountId }, queued)
    return queued
  }

  /** Changes the account again and again, for as long as verdicts come meanwhile and are taken in. Never rejects. */
  private async changeInTurns(key: string, account: AccountRef, queued: HotAccount): Promise<void> {
    const { signal } = this.stopping
    let isWell = true
    while (isWell && queued.verdicts > 0) {
      const pause = (this.changedAt.get(key) ?? 0) + PAUSE_MS - performance.now()
      if (pause > 0) await sleep(pause, undefined, { signal }).catch(() => undefined)
      queued.verdicts = 0
      isWell = await this.applyQueued(key, account)
    }
    // In the turn in which nothing was found to wait: what comes from now on starts anew.
    this.hot.delete(key)
    hotAccounts.set(this.hot.size)
  }

  /** Whether all that waits was taken in. The rest is left: it is tried again as what a dead instance leaves. */
  private async applyQueued(key: string, account: AccountRef): Promise<boolean> {
    try {
      await this.takeVerdicts.takeWaiting(account)
      this.changed(key)
      this.failing.done(key)
      return true
    } catch (err) {
      this.failing.failed(key)
      this.logger.warn(
        { err, ...account },
        'could not apply the queued verdicts of an account, trying again later',
      )
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
