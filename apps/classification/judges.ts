import { Inject, Injectable } from '@nestjs/common'
import { Topics } from '#libs/contracts/catalogue'
import { accountKey } from '#libs/contracts/ids'
import type { Message } from '#libs/contracts/message'
import type { PolicyRecord } from '#libs/contracts/policy-record'
import { Clock } from '#libs/runtime/clock'
import { RetryableError } from '#libs/runtime/errors'
import { type CompactedTable, CompactedTables } from '#libs/runtime/kafka/compacted-table'
import type { Logger } from '#libs/runtime/logger'
import { LOGGER } from '#libs/runtime/tokens'
import { BankVersions } from '#libs/policy/banks/bank-versions'
import { inOneGo, Turns } from '#libs/runtime/turns'
import { buildingJudge, type Judge } from './judge.js'
import { Lexicons } from './lexicons.js'
import { type InForce, openBook, type PolicyBook, type PolicyPage } from './policy/policy-book.rules.js'

/** Judges that are kept: banks change often, and each version that judges has one. */
const MAX_BUILT = 16
/** Patterns of words that they may hold together, each once: 100 000 take some 130 MB. The last one is kept, whatever it holds. */
const MAX_PATTERNS = 150_000
/** Instants at which what judges changes that are prepared for: the present one and some that are scheduled. */
const PAGES_AHEAD = 4

/** What the choice of a judge rests on. */
export type Judged = Pick<Message, 'platformId' | 'accountId' | 'receivedAt'>

/** A page, and the judge where it is the same for all accounts: asked for message after message. */
interface OpenPage extends PolicyPage {
  judge?: Judge
}

/** The judges of this service, made from `weir.policies.v1` as it is published. */
@Injectable()
export class Judges {
  private readonly records: CompactedTable<PolicyRecord>
  /** The one used last at the end. */
  private readonly built = new Map<string, Judge>()
  private readonly versions = new BankVersions()
  private readonly lexicons = new Lexicons()
  private book: PolicyBook | undefined
  private page: OpenPage | undefined
  private bounds: readonly number[] | undefined
  /** Judges that are being built, by what they are built of. */
  private readonly underWay = new Map<string, Generator<undefined, Judge>>()
  private isPreparing = false
  /** Counts what was published. */
  private changes = 0

  constructor(
    tables: CompactedTables,
    private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.records = tables.open(Topics.policies)
    this.records.onChange(() => {
      this.changes++
      this.book = undefined
      this.page = undefined
      this.bounds = undefined
      this.prepareSoon()
    })
  }

  /**
   * Builds what will judge from now on, and from the next instants on at which that changes, before a message needs it: of large banks in slices,
   * so that nobody waits for all of it. What cannot be read is met, and told, where it is to judge.
   */
  async prepare(from: Date): Promise<void> {
    const turns = new Turns()
    let at = from.getTime()
    for (let ahead = 0; ahead < PAGES_AHEAD && Number.isFinite(at); ahead++) {
      const { until, forAccount } = this.opened().pageAt(at)
      const found = forAccount('')
      at = until
      if (!found) continue
      const key = keyOf(found)
      const pieces = this.building(key, found)
      while (!pieces.next().done) {
        if (turns.over) await turns.next()
        if (this.clock.now().getTime() < until) continue
        // It is over before it was built: messages that come late, if any, build it anew.
        this.underWay.delete(key)
        break
      }
    }
  }

  private prepareSoon(): void {
    if (this.isPreparing) return
    this.isPreparing = true
    // Several records come at once; what comes while this goes on is looked at after it.
    setImmediate(() => {
      const { changes } = this
      this.prepare(this.clock.now())
        .catch((error: unknown) => this.logger.warn({ err: error }, 'could not build what is to judge'))
        .finally(() => {
          this.isPreparing = false
          if (this.changes !== changes) this.prepareSoon()
        })
    })
  }

  /** Whether a policy applies at `instant`: without one this service is not ready. */
  inForce(instant: Date): boolean {
    return this.opened().pageAt(instant.getTime()).forAccount('') !== undefined
  }

  /**
   * What a message is judged by.
   * @throws RetryableError `no-policy`, `unreadable-policy` while there is none: such a message waits
   */
  judgeOf(message: Judged): Judge {
    return inOneGo(this.judging(message))
  }

  /** The same in pieces: where the judge is not built yet, whoever needs it builds on, and others have their turn in between. */
  *judging({ platformId, accountId, receivedAt }: Judged): Generator<undefined, Judge> {
    const page = this.pageAt(Date.parse(receivedAt))
    if (page.judge) return page.judge
    const found = page.forAccount(accountKey(platformId, accountId))
    if (!found) throw new RetryableError('no-policy', 'No live policy applies to this message yet.')
    const judge = yield* this.building(keyOf(found), found)
    if (page.sameForAll) page.judge = judge
    return judge
  }

  /** The counts of followers from which any policy that is known asks for a second person, the lowest first. */
  reachBounds(): readonly number[] {
    return (this.bounds ??= boundsIn(this.published()))
  }

  private pageAt(at: number): OpenPage {
    const { page } = this
    if (page && at >= page.from && at < page.until) return page
    return (this.page = this.opened().pageAt(at))
  }

  private opened(): PolicyBook {
    return (this.book ??= openBook(this.published(), this.versions))
  }

  private *building(key: string, found: InForce): Generator<undefined, Judge> {
    for (;;) {
      const judge = this.built.get(key) ?? this.step(key, found)
      if (judge) return this.keep(key, judge)
      yield
    }
  }

  /** One piece of building a judge, which many may build at a time; the judge with the last one. */
  private step(key: string, found: InForce): Judge | undefined {
    const pieces = this.underWay.get(key) ?? buildingJudge(found, this.lexicons)
    this.underWay.set(key, pieces)
    try {
      const { done, value } = pieces.next()
      if (!done) return undefined
      this.underWay.delete(key)
      return value
    } catch (error) {
      // It has ended, and would give nothing the next time.
      this.underWay.delete(key)
      throw error
    }
  }

  private keep(key: string, judge: Judge): Judge {
    const isNew = !this.built.delete(key)
    this.built.set(key, judge)
    if (isNew) this.forgetOldest()
    return judge
  }

  private forgetOldest(): void {
    for (const oldest of this.built.keys()) {
      const isTooMuch = this.built.size > MAX_BUILT || patternsOf(this.built.values()) > MAX_PATTERNS
      if (!isTooMuch || this.built.size === 1) break
      this.built.delete(oldest)
    }
  }

  private *published(): Iterable<PolicyRecord> {
    for (const [, record] of this.records.entries()) yield record
  }
}

function patternsOf(judges: Iterable<Judge>): number {
  const parts = new Set([...judges].flatMap(({ lexicon }) => lexicon.parts))
  return [...parts].reduce((sum, { patterns }) => sum + patterns, 0)
}

function keyOf({ policy, banks }: InForce): string {
  return JSON.stringify([policy, ...banks].map(({ name, version }) => [name, version]))
}

function boundsIn(records: Iterable<PolicyRecord>): number[] {
  const bounds = [...records].flatMap(({ kind, document }) => {
    if (kind !== 'policy') return []
    const { minFollowers } = (document?.['secondApproval'] ?? {}) as { minFollowers?: unknown }
    return typeof minFollowers === 'number' ? [minFollowers] : []
  })
  return [...new Set(bounds)].sort((a, b) => a - b)
}
