import { Injectable } from '@nestjs/common'
import { accountKey, derivedId } from '#libs/contracts/ids'
import { Clock } from '#libs/runtime/clock'
import { badRequest, conflict, notFound } from '#libs/runtime/http/problem'
import { keyReused } from '../casework/asked.js'
import { AccountLedger } from '../ledger/account-ledger.js'
import { AccountStore } from '../ledger/account.store.js'
import type { AccountLabel } from '../ledger/account-state.js'
import { applyLabel, labelsAt, MAX_LABELS } from '../ledger/label-account.rules.js'

/** What an operator says of an account, and until when. */
export interface GivenLabel {
  readonly label: string
  readonly reason: string
  readonly expiresAt: Date
}

/** Labels of operators on accounts: notes to each other that expire, not measures. */
@Injectable()
export class LabelAccount {
  constructor(
    private readonly accounts: AccountStore,
    private readonly ledger: AccountLedger,
    private readonly clock: Clock,
  ) {}

  /**
   * `requestId`: the same request again puts no second label on it, nor does the same label by the same person.
   * @throws Problem 400 for an expiry that has passed; 404 for an account that was never flagged; 409 `too-many-labels`; 422 where
   * another request had the key
   */
  async label(
    platformId: string,
    accountId: string,
    given: GivenLabel,
    by: string,
    requestId: string,
  ): Promise<AccountLabel> {
    const at = this.clock.now()
    if (given.expiresAt <= at) {
      const errors = [{ path: '/expiresAt', reason: 'It has passed.' }]
      throw badRequest('invalid-request', 'A label must expire in the future.', errors)
    }
    const key = accountKey(platformId, accountId)
    if (!(await this.accounts.byKey(key))) throw notFound('This account was never flagged.')
    const labelId = derivedId('lbl', key, by, requestId)
    let kept: AccountLabel = { labelId, ...given, by, at }
    await this.ledger.change([
      {
        platformId,
        accountId,
        actor: by,
        make: (facts, context) => {
          const known = labelsAt(facts.state?.labels ?? [], at)
          const byKey = known.find((label) => label.labelId === labelId)
          if (byKey && !isSame(byKey, kept)) throw keyReused()
          const again = byKey ?? known.find((label) => isSame(label, kept))
          if (again) {
            kept = again
            return null
          }
          if (known.length >= MAX_LABELS)
            throw conflict('too-many-labels', `The account has ${known.length} labels already.`)
          return applyLabel(facts, kept, context)
        },
      },
    ])
    return kept
  }
}

function isSame(a: AccountLabel, b: AccountLabel): boolean {
  const expiry = a.expiresAt.getTime() === b.expiresAt.getTime()
  return expiry && a.label === b.label && a.reason === b.reason && a.by === b.by
}
