/**
 * What an account must come to, for specs: SPEC 4.5 and promises 6 to 9 acted out one fact after the other, each at its own
 * instant. It shares no code with the rules and knows neither courses nor runs nor late facts. Instants are milliseconds.
 */

const HOUR = 3_600_000
const DAY = 24 * HOUR

export type Severity = 1 | 2 | 3 | 4
export type PersonsMeasure = 'label' | 'warn' | 'remove' | 'limit' | 'suspend' | 'ban'

/** What happens to the account, in the order of its instants, which are all different. */
export type Happening =
  | {
      what: 'verdict'
      id: string
      at: number
      message: number
      severity: Severity
      outcome: 'act' | 'review'
      sweep: boolean
      policy: '1' | '2'
    }
  | {
      what: 'decision'
      id: string
      at: number
      message: number
      measure: PersonsMeasure
      severity: Severity
      urgent: boolean
      until: number | null
    }
  | { what: 'reversal'; at: number; of: Reference }
  | { what: 'approval' | 'refusal'; at: number; of: Reference }
  | { what: 'nothing'; at: number }

/** A decision by what it is: automated removals of a message are counted; one strike leads to at most one step. */
export type Reference =
  | { kind: 'removal'; message: number; nth: number }
  | { kind: 'person'; id: string }
  | { kind: 'step'; message: number }

interface Strike {
  message: number
  at: number
  points: number
  expires: number
  reversed: number | null
}

interface Measure {
  ref: Reference
  message: number
  measure: PersonsMeasure
  /** Level of a step; 0 for anything else. */
  level: number
  at: number
  until: number | null
  state: 'held' | 'in_force' | 'over' | 'covered' | 'ended'
  needsApproval: boolean
  lapses: number | null
  notBefore: number | null
  approved: boolean
  strike: Strike | null
  fixedUntil: number | null
  severity: Severity
}

/** Where an account stands, as far as it shows. */
export interface Standing {
  points: number
  level: number
  status: string
  strikes: Strike[]
  removed: number[]
  /** The gravest of what was ordered of the account and not undone, and its end. */
  gravest: [string, number | null] | null
}

const POINTS = { '1': [0, 1, 2, 4, 8], '2': [0, 2, 3, 5, 9] }
const LIFE = { '1': 90 * DAY, '2': 60 * DAY }
const THRESHOLDS = [1, 4, 8, 16]
const RUNGS: PersonsMeasure[] = ['warn', 'limit', 'suspend', 'suspend']
const LASTS: Partial<Record<PersonsMeasure, number>> = { warn: 90 * DAY, limit: 7 * DAY, suspend: 7 * DAY }
export const GRAVITY = ['label', 'remove', 'warn', 'limit', 'suspend', 'ban']
const OLDEST = 30 * DAY
const WAIT = 72 * HOUR

export class LedgerOracle {
  readonly strikes: Strike[] = []
  readonly measures: Measure[] = []
  /** What was ordered: `<instant> <kind> <message or end>`. */
  readonly orders: string[] = []
  private readonly removals = new Map<number, Measure[]>()
  private readonly labels = new Map<number, Measure[]>()
  private followersSeenAt = -Infinity

  /** `ofReach`: it has many followers; else few. */
  constructor(
    private readonly ofReach: boolean,
    private readonly sentAt: (message: number) => number,
  ) {}

  happen(it: Happening): void {
    this.pass(it.at)
    switch (it.what) {
      case 'verdict':
        return this.judge(it)
      case 'decision':
        return this.decide(it)
      case 'reversal':
        return this.reverse(this.find(it.of), it.at)
      case 'approval':
        return this.approve(this.find(it.of), it.at)
      case 'refusal':
        this.find(it.of).state = 'ended'
        return
      case 'nothing':
        return
    }
  }

  /** What can be reversed at this instant, and what waits for a second person or its day. */
  reversible(): Measure[] {
    return this.measures.filter(({ state }) => state === 'in_force' || state === 'over')
  }

  held(): Measure[] {
    return this.measures.filter(({ state }) => state === 'held')
  }

  standing(at: number): Standing {
    this.pass(at)
    const lasting = this.measures
      .filter(({ state, measure }) => state === 'in_force' && GRAVITY.indexOf(measure) > 2)
      .sort(
        (a, b) =>
          GRAVITY.indexOf(b.measure) - GRAVITY.indexOf(a.measure) ||
          (b.until ?? Infinity) - (a.until ?? Infinity),
      )
    const points = this.points(at)
    const warned =
      points > 0 ||
      this.measures.some(({ level, state, measure }) => !level && state === 'in_force' && measure === 'warn')
    const gravest = lasting[0]
    const status = { limit: 'limited', suspend: 'suspended', ban: 'banned' } as Record<string, string>
    return {
      points,
      level: gravest?.measure === 'ban' ? 5 : levelOf(points),
      status: gravest ? status[gravest.measure]! : warned ? 'warned' : 'active',
      strikes: [...this.strikes].sort((a, b) => a.message - b.message),
      removed: [...this.removals]
        .filter(([, standing]) => standing.length > 0)
        .map(([message]) => message)
        .sort((a, b) => a - b),
      gravest: gravest ? [gravest.measure, gravest.until] : null,
    }
  }

  private find(ref: Reference): Measure {
    const text = JSON.stringify(ref)
    return this.measures.find((measure) => JSON.stringify(measure.ref) === text)!
  }

  private points(at: number, among = this.strikes): number {
    return among
      .filter(
        ({ at: from, expires, reversed }) => from <= at && at < expires && !(reversed && reversed <= at),
      )
      .reduce((sum, strike) => sum + strike.points, 0)
  }

  /** Lets the clock run: what ends, lapses or begins until an instant, one after the other. */
  private pass(to: number): void {
    for (;;) {
      const next = this.measures
        .flatMap((measure) => this.clockOf(measure))
        .filter(({ at }) => at <= to)
        .sort((a, b) => a.at - b.at || a.rank - b.rank)[0]
      if (!next) return
      next.act()
    }
  }

  private clockOf(it: Measure): { at: number; rank: number; act: () => void }[] {
    if (it.state === 'in_force' && it.until !== null) {
      return [{ at: it.until, rank: 0, act: () => this.end(it) }]
    }
    if (it.state !== 'held') return []
    if (it.needsApproval) return [{ at: it.lapses!, rank: 1, act: () => void (it.state = 'ended') }]
    return [{ at: it.notBefore!, rank: 2, act: () => this.begin(it, it.notBefore!) }]
  }

  /** Its day has come; who has come to be of reach meanwhile waits for a second person all the same. */
  private begin(it: Measure, at: number): void {
    const asks = (it.measure === 'ban' || it.measure === 'suspend') && !it.approved && this.waitsForSecond(at)
    if (asks) Object.assign(it, { needsApproval: true, lapses: at + WAIT })
    else this.enforce(it, at)
  }

  private end(it: Measure): void {
    it.state = 'over'
    if (it.measure !== 'warn') this.orders.push(`${it.until} lift_restriction`)
  }

  private judge(it: Extract<Happening, { what: 'verdict' }>): void {
    this.followersSeenAt = it.at
    if (it.outcome === 'review') return
    const strike = it.sweep ? null : this.strike(it.message, it.at, it.severity, it.policy)
    const standing = this.removals.get(it.message) ?? []
    if (standing.length === 0 || strike) {
      const before = this.measures.filter(({ ref }) => ref.kind === 'removal' && ref.message === it.message)
      const ref = { kind: 'removal', message: it.message, nth: before.length } as const
      this.put(
        this.removals,
        this.add({ ref, message: it.message, measure: 'remove', at: it.at, strike }),
        it.at,
      )
    }
    if (strike) this.climb(strike)
  }

  /** Whether a suspension or ban waits for a second person; an account not heard of for 30 whole days counts as of reach. */
  waitsForSecond(at: number): boolean {
    return this.ofReach || Math.floor(this.followersSeenAt / DAY) < Math.floor((at - 30 * DAY) / DAY)
  }

  /** One message, one strike, ever; none for what is old. */
  private strike(message: number, at: number, severity: Severity, policy: '1' | '2'): Strike | null {
    if (this.strikes.some((strike) => strike.message === message)) return null
    if (at - this.sentAt(message) > OLDEST) return null
    const points = POINTS[policy][severity]!
    const strike = { message, at, points, expires: at + LIFE[policy], reversed: null }
    this.strikes.push(strike)
    return strike
  }

  private climb(strike: Strike): void {
    const { at, message } = strike
    const after = levelOf(this.points(at))
    if (after <= levelOf(this.points(at) - strike.points)) return
    const measure = RUNGS[after - 1]!
    const until = measure === 'warn' ? null : at + 7 * DAY
    const covered = this.measures.some(
      (other) =>
        other.ref.kind === 'person' &&
        other.state === 'in_force' &&
        GRAVITY.indexOf(other.measure) >= GRAVITY.indexOf(measure) &&
        (other.until === null || until === null || other.until >= until),
    )
    const waits = measure === 'suspend' && this.waitsForSecond(at)
    const step = this.add({ ref: { kind: 'step', message }, message, measure, level: after, at, until })
    if (covered) step.state = 'covered'
    else if (waits) Object.assign(step, { state: 'held', needsApproval: true, lapses: at + WAIT })
    else this.order(step, at)
  }

  private decide(it: Extract<Happening, { what: 'decision' }>): void {
    const { id, at, message, measure, severity, until } = it
    const ref = { kind: 'person', id } as const
    const decision = this.add({ ref, message, measure, at, severity, fixedUntil: until })
    decision.needsApproval = this.waitsForSecond(at) && (measure === 'suspend' || measure === 'ban')
    decision.notBefore = measure === 'ban' && !it.urgent ? at + WAIT : null
    if (decision.needsApproval) decision.lapses = Math.min(at + WAIT, until ?? Infinity)
    if (decision.needsApproval || decision.notBefore !== null) decision.state = 'held'
    else this.enforce(decision, at)
  }

  private enforce(it: Measure, at: number): void {
    it.state = 'in_force'
    it.at = at
    const lasts = LASTS[it.measure]
    it.until = it.fixedUntil ?? (lasts === undefined ? null : at + lasts)
    it.strike = this.strike(it.message, at, it.severity, '1')
    if (it.measure === 'remove') this.put(this.removals, it, at)
    else if (it.measure === 'label') this.put(this.labels, it, at)
    else this.order(it, at)
    if (it.strike) this.climb(it.strike)
  }

  private approve(it: Measure, at: number): void {
    it.needsApproval = false
    it.approved = true
    if (it.ref.kind === 'step') {
      it.state = 'in_force'
      it.until = at + 7 * DAY
      this.order(it, at)
    } else if (it.notBefore === null || it.notBefore <= at) this.enforce(it, at)
  }

  private reverse(it: Measure, at: number): void {
    const stood = it.state === 'in_force'
    it.state = 'ended'
    if (it.measure === 'remove' && it.level === 0) this.take(this.removals, it, at)
    else if (it.measure === 'label') this.take(this.labels, it, at)
    else if (stood && !this.warningIsOver(it, at)) this.orders.push(`${at} lift_restriction`)
    if (!it.strike || it.strike.reversed) return
    it.strike.reversed = at
    for (const step of this.measures) {
      if (step.level === 0 || (step.state !== 'in_force' && step.state !== 'held')) continue
      if (this.warningIsOver(step, at) || this.reachedWithout(step)) continue
      // A warning is answered for by its own strike, as long as that would count.
      if (step.measure === 'warn' && at >= this.strikes.find((one) => one.message === step.message)!.expires)
        continue
      if (step.state === 'in_force') this.orders.push(`${at} lift_restriction`)
      step.state = 'ended'
    }
  }

  /** Whether what is left at a reversal reached the level of a step at any instant since. */
  private reachedWithout(step: Measure): boolean {
    const left = this.strikes.filter(({ reversed }) => reversed === null)
    const instants = [step.at, ...left.map((strike) => strike.at).filter((from) => from > step.at)]
    return instants.some((instant) => levelOf(this.points(instant, left)) >= step.level)
  }

  /** A warning of the ladder holds while any strike counts. */
  private warningIsOver(step: Measure, at: number): boolean {
    if (step.level === 0 || step.measure !== 'warn') return false
    return this.strikes
      .map(({ expires, reversed }) => Math.min(expires, reversed ?? Infinity))
      .some((end) => step.at < end && end < at && this.points(end) === 0)
  }

  private put(book: Map<number, Measure[]>, it: Measure, at: number): void {
    const standing = book.get(it.message) ?? []
    if (standing.length === 0) this.orders.push(`${at} ${it.measure}_message ${it.message}`)
    book.set(it.message, [...standing, it])
  }

  private take(book: Map<number, Measure[]>, it: Measure, at: number): void {
    const standing = book.get(it.message) ?? []
    const left = standing.filter((other) => other !== it)
    if (standing.length > 0 && left.length === 0) this.orders.push(`${at} restore_message ${it.message}`)
    book.set(it.message, left)
  }

  private order(it: Measure, at: number): void {
    this.orders.push(`${at} ${it.measure}_account ${it.until}`)
  }

  private add(given: Pick<Measure, 'ref' | 'message' | 'measure' | 'at'> & Partial<Measure>): Measure {
    const measure: Measure = {
      level: 0,
      until: null,
      state: 'in_force',
      needsApproval: false,
      lapses: null,
      notBefore: null,
      approved: false,
      strike: null,
      fixedUntil: null,
      severity: 1,
      ...given,
    }
    this.measures.push(measure)
    return measure
  }
}

function levelOf(points: number): number {
  return THRESHOLDS.filter((threshold) => points >= threshold).length
}
