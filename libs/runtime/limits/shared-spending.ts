import { Inject, Injectable } from '@nestjs/common'
import { Instances } from './instances.js'
import { SpendingStore } from './spending.store.js'
import { within } from './within.js'

const PATIENCE_MS = 1_000
/** What others are told of comes to so much of a minute's budget, at least. */
const TOLD_SHARE = 1 / 50

interface Account {
  /** Spent here, and not told yet. */
  untold: number
  telling: boolean
}

/**
 * Tells the other instances of this service what was spent here of the budgets that they share, and learns what they have: a
 * call to the service's database for so many bytes, and none where little is spent.
 */
@Injectable()
export class SharedSpending {
  private readonly accounts = new Map<string, Account>()

  constructor(
    @Inject(Instances) private readonly instances: Pick<Instances, 'company' | 'lost'>,
    @Inject(SpendingStore) private readonly store: Pick<SpendingStore, 'add'>,
  ) {}

  /** The part of a budget that this instance has for itself: all of it, unless nobody can be told what it spends. */
  share(): number {
    const { reachable, instances } = this.instances.company()
    return reachable ? 1 : 1 / instances
  }

  /**
   * Bytes of a platform were spent here. When enough have come together, the others are told, and this resolves to what the
   * platform owes over all instances; to undefined until then, and while the database is away. Never rejects.
   */
  async spent(platformId: string, bytes: number, bytesPerMinute: number): Promise<number | undefined> {
    const account = this.accountOf(platformId)
    account.untold += bytes
    const enough = account.untold >= bytesPerMinute * TOLD_SHARE
    if (account.telling || !enough || !this.instances.company().reachable) return undefined
    account.telling = true
    // Should it come to nothing, it may have been taken in all the same: told twice it would be paid twice, by everybody.
    const told = account.untold
    account.untold = 0
    try {
      const telling = this.store.add(platformId, told, bytesPerMinute)
      return (await within(PATIENCE_MS, 'telling what was spent', telling)) + account.untold
    } catch (error) {
      this.instances.lost(error)
      return undefined
    } finally {
      account.telling = false
    }
  }

  private accountOf(platformId: string): Account {
    const known = this.accounts.get(platformId)
    if (known) return known
    const fresh = { untold: 0, telling: false }
    this.accounts.set(platformId, fresh)
    return fresh
  }
}
