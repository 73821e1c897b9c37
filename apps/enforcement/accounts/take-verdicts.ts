import { Injectable } from '@nestjs/common'
import { accountKey } from '#libs/contracts/ids'
import type { Outcome, Verdict } from '#libs/contracts/verdict'
import { CaseEntryStore } from '../cases/case-entry.store.js'
import { AccountChanges, type AccountRequest } from './account-changes.js'
import { applyVerdicts, type VerdictFact } from './apply-verdicts.rules.js'

/** Verdicts of one account in one update: some 10 kB each while they lie in its outbox. */
const MOST_PER_CHANGE = 50

/** Takes verdicts into the cases and accounts that they are about. Idempotent: a verdict that was taken in changes nothing. */
@Injectable()
export class TakeVerdicts {
  constructor(
    private readonly changes: AccountChanges,
    private readonly entries: CaseEntryStore,
  ) {}

  async take(verdicts: readonly Verdict[], heartbeat: () => Promise<void>): Promise<void> {
    const entering = distinct(verdicts.filter(entersCases))
    const kept = this.entries.keepEvidence(entering)
    // Awaited before a change is stored; if reading fails before that, nobody else looks at it.
    kept.catch(() => undefined)
    const byAccount = Map.groupBy(entering, (verdict) => accountKey(verdict.platformId, verdict.accountId))
    for (let from = 0; ; from += MOST_PER_CHANGE) {
      const requests = [...byAccount.values()]
        .map((ofAccount) => ofAccount.slice(from, from + MOST_PER_CHANGE))
        .filter((part) => part.length > 0)
        .map(requestFor)
      if (requests.length === 0) return kept
      await this.changes.make(requests, kept)
      await heartbeat()
    }
  }
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

function requestFor(verdicts: readonly Verdict[]): AccountRequest {
  const { platformId, accountId } = verdicts[0]!
  return {
    platformId,
    accountId,
    actor: 'system',
    messageIds: verdicts.map((verdict) => verdict.messageId),
    verdictIds: verdicts.map((verdict) => verdict.verdictId),
    policyVersions: verdicts.map((verdict) => verdict.policyVersion),
    make: (facts, context, taken) => {
      const fresh = verdicts.filter((verdict) => !taken.has(verdict.verdictId))
      return fresh.length === 0 ? null : applyVerdicts(facts, fresh.map(factOf), context)
    },
  }
}

function factOf(verdict: Verdict): VerdictFact {
  return {
    verdictId: verdict.verdictId,
    messageId: verdict.messageId,
    outcome: verdict.outcome as Exclude<Outcome, 'clear'>,
    mode: verdict.mode,
    categories: verdict.categories,
    policyVersion: verdict.policyVersion,
    receivedAt: new Date(verdict.receivedAt),
    sentAt: new Date(verdict.message.sentAt),
    language: verdict.message.language ?? null,
    account: verdict.message.account ?? null,
  }
}
