import { Injectable } from '@nestjs/common'
import { accountKey } from '#libs/contracts/ids'
import type { Outcome, Verdict } from '#libs/contracts/verdict'
import { isRetryable } from '#libs/platform/errors'
import type { AccountRef, CaseEntry } from '../cases/case.js'
import { CaseEntryStore } from '../cases/case-entry.store.js'
import { AccountChanges, type AccountRequest } from './account-changes.js'
import { applyVerdicts, type VerdictFact } from './apply-verdicts.rules.js'

/** Verdicts of one account in one update: some 10 kB each while they lie in its outbox. */
export const MOST_PER_CHANGE = 50

/** Takes verdicts into the cases and accounts that they are about. Idempotent: a verdict that was taken in changes nothing. */
@Injectable()
export class TakeVerdicts {
  constructor(
    private readonly changes: AccountChanges,
    private readonly entries: CaseEntryStore,
  ) {}

  async take(verdicts: readonly Verdict[], heartbeat: () => Promise<void>): Promise<void> {
    const entering = enteringCases(verdicts)
    const kept = this.entries.keepEvidence(entering)
    // Awaited before a change is stored; if reading fails before that, nobody else looks at it.
    kept.catch(() => undefined)
    const byAccount = byAccountKey(entering)
    for (let from = 0; ; from += MOST_PER_CHANGE) {
      const requests = [...byAccount.values()]
        .map((ofAccount) => ofAccount.slice(from, from + MOST_PER_CHANGE))
        .filter((part) => part.length > 0)
        .map((part) => requestFor(part[0]!, part.map(factOf)))
      if (requests.length === 0) return kept
      await this.changes.make(requests, kept)
      await heartbeat()
    }
  }

  /**
   * Takes in all that waits for an account. One that cannot be taken in waits on, and does not keep the others from it.
   * @throws what kept one from it
   */
  async takeWaiting(account: AccountRef): Promise<void> {
    const failed = new Map<string, unknown>()
    for (;;) {
      const waiting = await this.entries.waitingFor(account, MOST_PER_CHANGE, [...failed.keys()])
      if (waiting.length > 0) await this.takeTogether(account, waiting.map(factOfEntry), failed)
      if (waiting.length < MOST_PER_CHANGE) break
    }
    for (const error of failed.values()) throw error
  }

  /** Together, or one by one where that fails for good; `failed` then holds those that fail alone too. */
  private async takeTogether(
    account: AccountRef,
    verdicts: readonly VerdictFact[],
    failed: Map<string, unknown>,
  ): Promise<void> {
    try {
      await this.changes.make([requestFor(account, verdicts)])
    } catch (error) {
      if (isRetryable(error)) throw error
      if (verdicts.length === 1) failed.set(verdicts[0]!.verdictId, error)
      else for (const verdict of verdicts) await this.takeTogether(account, [verdict], failed)
    }
  }
}

/** Of verdicts those that enter cases, each once. */
export function enteringCases(verdicts: readonly Verdict[]): Verdict[] {
  return distinct(verdicts.filter(entersCases))
}

/** By the keys of their accounts. */
export function byAccountKey(verdicts: readonly Verdict[]): Map<string, Verdict[]> {
  return Map.groupBy(verdicts, (verdict) => accountKey(verdict.platformId, verdict.accountId))
}

/** Only live and sweep verdicts that are not clear enter cases (SPEC 4.2). */
function entersCases(verdict: Verdict): boolean {
  return verdict.outcome !== 'clear' && (verdict.mode === 'live' || verdict.mode.startsWith('sweep:'))
}

/** Each verdict once; of a message that came again, as it was when first received: a strike counts from there. */
function distinct(verdicts: readonly Verdict[]): Verdict[] {
  const first = new Map<string, Verdict>()
  for (const verdict of verdicts) {
    const known = first.get(verdict.verdictId)
    if (!known || Date.parse(verdict.receivedAt) < Date.parse(known.receivedAt)) {
      first.set(verdict.verdictId, verdict)
    }
  }
  return [...first.values()]
}

function requestFor({ platformId, accountId }: AccountRef, verdicts: readonly VerdictFact[]): AccountRequest {
  return {
    platformId,
    accountId,
    actor: 'system',
    messageIds: verdicts.map((verdict) => verdict.messageId),
    verdictIds: verdicts.map((verdict) => verdict.verdictId),
    policyVersions: verdicts.map((verdict) => verdict.policyVersion),
    make: (facts, context, taken) => {
      const fresh = verdicts.filter((verdict) => !taken.has(verdict.verdictId))
      return fresh.length === 0 ? null : applyVerdicts(facts, fresh, context)
    },
  }
}

function factOf(verdict: Verdict): VerdictFact {
  return factOfEntry({ ...verdict, _id: verdict.verdictId, receivedAt: new Date(verdict.receivedAt) })
}

function factOfEntry(
  entry: Pick<CaseEntry, '_id' | 'messageId' | 'outcome' | 'mode' | 'categories'> &
    Pick<CaseEntry, 'policyVersion' | 'receivedAt' | 'message'>,
): VerdictFact {
  return {
    verdictId: entry._id,
    messageId: entry.messageId,
    outcome: entry.outcome as Exclude<Outcome, 'clear'>,
    mode: entry.mode,
    categories: entry.categories,
    policyVersion: entry.policyVersion,
    receivedAt: entry.receivedAt,
    sentAt: new Date(entry.message.sentAt),
    language: entry.message.language ?? null,
    account: entry.message.account ?? null,
  }
}
