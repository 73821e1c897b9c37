import { Injectable } from '@nestjs/common'
import type { Outcome, Verdict } from '#libs/contracts/verdict'
import { isRetryable } from '#libs/runtime/errors'
import type { AccountRef, CaseEntry } from '../ledger/cases/case.js'
import { CaseEntryStore } from '../ledger/cases/case-entry.store.js'
import { actsUnder } from '../ledger/exonerations/exonerate.rules.js'
import { exonerationId } from '../ledger/exonerations/exoneration.js'
import { AccountLedger, type AccountRequest } from '../ledger/account-ledger.js'
import { applyVerdicts, type VerdictFact } from '../ledger/apply-verdicts.rules.js'
import { byAccountKey } from '../ledger/entering-verdicts.rules.js'

/** Verdicts of one account in one update: some 10 kB each while they lie in its outbox. */
export const MAX_PER_CHANGE = 50

/** A verdict that cannot be taken in, and why. */
interface Failure {
  verdictId: string
  error: unknown
}

/** Takes verdicts into the cases and accounts that they are about. Idempotent: a verdict that was taken in changes nothing. */
@Injectable()
export class TakeVerdicts {
  constructor(
    private readonly ledger: AccountLedger,
    private readonly entries: CaseEntryStore,
  ) {}

  /** `verdicts`: that enter cases, each once (`enteringCases`). */
  async take(verdicts: readonly Verdict[], heartbeat: () => Promise<void>): Promise<void> {
    const kept = this.entries.keepEvidence(verdicts)
    // Awaited before a change is stored; if reading fails before that, nobody else looks at it.
    kept.catch(() => undefined)
    const byAccount = byAccountKey(verdicts)
    for (let from = 0; ; from += MAX_PER_CHANGE) {
      const requests = [...byAccount.values()]
        .map((ofAccount) => ofAccount.slice(from, from + MAX_PER_CHANGE))
        .filter((part) => part.length > 0)
        .map((part) => requestFor(part[0]!, part.map(factOf)))
      if (requests.length === 0) return kept
      await this.ledger.change(requests, kept)
      await heartbeat()
    }
  }

  /**
   * Takes in all that waits for an account. One that cannot be taken in waits on, and does not keep the others from it.
   * @throws what kept one from it
   */
  async takeWaiting(account: AccountRef): Promise<void> {
    const failures: Failure[] = []
    for (;;) {
      const failed = failures.map(({ verdictId }) => verdictId)
      const waiting = await this.entries.waitingFor(account, MAX_PER_CHANGE, failed)
      if (waiting.length > 0) failures.push(...(await this.takeTogether(account, waiting.map(factOfEntry))))
      if (waiting.length < MAX_PER_CHANGE) break
    }
    if (failures[0]) throw failures[0].error
  }

  /** Together, or one by one where that fails for good. Resolves to those that fail alone too. */
  private async takeTogether(account: AccountRef, verdicts: readonly VerdictFact[]): Promise<Failure[]> {
    try {
      await this.ledger.change([requestFor(account, verdicts)])
      return []
    } catch (error) {
      if (isRetryable(error)) throw error
      if (verdicts.length === 1) return [{ verdictId: verdicts[0]!.verdictId, error }]
      const failures: Failure[] = []
      for (const verdict of verdicts) failures.push(...(await this.takeTogether(account, [verdict])))
      return failures
    }
  }
}

function requestFor({ platformId, accountId }: AccountRef, verdicts: readonly VerdictFact[]): AccountRequest {
  return {
    platformId,
    accountId,
    actor: 'system',
    messageIds: verdicts.map((verdict) => verdict.messageId),
    verdictIds: verdicts.map((verdict) => verdict.verdictId),
    policyVersions: verdicts.map((verdict) => verdict.policyVersion),
    exonerationIds: verdicts.flatMap(exonerationsAsked),
    make: (facts, context, taken) => {
      const fresh = verdicts.filter((verdict) => !taken.has(verdict.verdictId))
      return fresh.length === 0 ? null : applyVerdicts(facts, fresh, context)
    },
  }
}

/** Which exonerations a verdict may meet. */
function exonerationsAsked({ outcome, comparedDigest: digest, categories }: VerdictFact): string[] {
  if (outcome !== 'act' || digest === undefined) return []
  return actsUnder(categories).map((clause) => exonerationId(digest, clause))
}

function factOf(verdict: Verdict): VerdictFact {
  return factOfEntry({ ...verdict, _id: verdict.verdictId, receivedAt: new Date(verdict.receivedAt) })
}

function factOfEntry(
  entry: Pick<CaseEntry, '_id' | 'messageId' | 'outcome' | 'mode' | 'categories'> &
    Pick<CaseEntry, 'policyVersion' | 'receivedAt' | 'message' | 'comparedDigest'>,
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
    ...(entry.comparedDigest === undefined ? {} : { comparedDigest: entry.comparedDigest }),
  }
}
