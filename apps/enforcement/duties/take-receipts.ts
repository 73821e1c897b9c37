import { Injectable } from '@nestjs/common'
import { Clock } from '#libs/runtime/clock'
import { PermanentError } from '#libs/runtime/errors'
import { Outbox } from '../outbox/outbox.js'
import { pendingEvent } from '../outbox/pending-event.js'
import { DirectiveStore, type DirectiveDocument } from '../ledger/directives/directive.store.js'
import { receiptsOf, type GivenReceipt } from './receive.rules.js'
import { standingAfter } from '../ledger/directives/directive-changes.rules.js'
import { Rounds } from '../store/rounds.js'

/** Takes a platform's answers to its directives. Idempotent: an answer that is known changes nothing. */
@Injectable()
export class TakeReceipts {
  constructor(
    private readonly directives: DirectiveStore,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /**
   * Takes the receipts and says of each what is wrong with it, or null: `unknown-directive`, `not-yours`,
   * `owner-not-notified`, `notified-in-future`.
   */
  async take(platformId: string, given: readonly GivenReceipt[]): Promise<(PermanentError | null)[]> {
    let open = Map.groupBy(given, ({ receipt }) => receipt.directiveId)
    const problems = new Map<GivenReceipt, PermanentError>()
    for (const rounds = new Rounds('The directive'); ; rounds.next()) {
      const found = new Map(
        (await this.directives.byIds([...open.keys()])).map((found) => [found._id, found]),
      )
      const lost: [string, GivenReceipt[]][] = []
      for (const [directiveId, receipts] of open) {
        const fitting = receipts.filter((one) => {
          const problem = problemWith(one, platformId, found.get(directiveId))
          if (problem) problems.set(one, problem)
          return !problem
        })
        if (fitting.length === 0) continue
        if (!(await this.receive(found.get(directiveId)!, fitting))) lost.push([directiveId, fitting])
      }
      open = new Map(lost)
      if (open.size === 0) return given.map((one) => problems.get(one) ?? null)
    }
  }

  private async receive(directive: DirectiveDocument, given: readonly GivenReceipt[]): Promise<boolean> {
    const { receipts, events } = receiptsOf(directive, given)
    if (receipts.length === directive.receipts.length) return true
    const set = { receipts, ...standingAfter({ ...directive, receipts }, this.clock.now()) }
    const pending = events.map(pendingEvent)
    if (!(await this.directives.change(directive, set, pending))) return false
    await this.outbox.deliver([{ _id: directive._id, pending }], this.directives.directives)
    return true
  }
}

const ON_ACCOUNT: readonly DirectiveDocument['kind'][] = [
  'warn_account',
  'limit_account',
  'suspend_account',
  'ban_account',
]

/** Clocks of platforms may be ahead of the broker's by so much. */
const CLOCKS_DIFFER_MS = 5_000

function problemWith(
  { receipt, receivedAt }: GivenReceipt,
  platformId: string,
  directive: DirectiveDocument | undefined,
): PermanentError | null {
  if (!directive)
    return new PermanentError('unknown-directive', 'There is no such directive.', '/directiveId')
  if (directive.platformId !== platformId) {
    return new PermanentError('not-yours', 'The directive is for another platform.', '/directiveId')
  }
  if (receipt.status === 'done' && !receipt.ownerNotifiedAt && ON_ACCOUNT.includes(directive.kind)) {
    return new PermanentError(
      'owner-not-notified',
      'A measure on an account is done when its owner was told: ownerNotifiedAt is needed.',
      '/ownerNotifiedAt',
    )
  }
  if (Date.parse(receipt.ownerNotifiedAt ?? '') > receivedAt.getTime() + CLOCKS_DIFFER_MS) {
    return new PermanentError(
      'notified-in-future',
      'ownerNotifiedAt must not lie in the future.',
      '/ownerNotifiedAt',
    )
  }
  return null
}
