import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { propertyRuns } from '#libs/testing/property-runs.fixture'
import {
  afterTime,
  asOf,
  isWaiting,
  LONGEST_SNOOZE,
  routesOf,
  workOn,
  type Task,
  type WorkContext,
  type Worker,
  type WorkState,
} from './case-work.rules.js'

const MINUTE = 60_000
const LEASE = 30 * MINUTE
const START = Date.UTC(2026, 10, 1)
const PEOPLE: readonly Worker[] = [
  { subject: 'anna', senior: false },
  { subject: 'ben', senior: false },
  { subject: 'cleo', senior: true },
  { subject: 'dan', senior: true },
]

const fresh: WorkState = {
  state: 'open',
  assignee: null,
  claimedAt: null,
  until: null,
  route: 'general',
  lastRequest: null,
}

type Step = { dt: number; case: number; who: number } & (
  | { do: 'claim' | 'release' | 'extend' | 'escalate' | 'decide' | 'next' | 'stored' | 'reopen' | 'timer' }
  | { do: 'again' }
  | { do: 'snooze'; for: number }
  | { do: 'reassign'; to: number }
)

const CASES = 2
const simple = fc.constantFrom(
  'claim',
  'release',
  'extend',
  'escalate',
  'decide',
  'next',
  'next',
  'stored',
  'again',
  'reopen',
  'timer',
)
const what = fc.oneof(
  { weight: 8, arbitrary: simple.map((one) => ({ do: one })) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(-1, 0, 1, MINUTE, 60 * MINUTE, LONGEST_SNOOZE, LONGEST_SNOOZE + 1)
      .map((length) => ({ do: 'snooze', for: length })),
  },
  { weight: 1, arbitrary: fc.nat(PEOPLE.length - 1).map((to) => ({ do: 'reassign', to })) },
)
const steps = fc.array(
  fc
    .record({
      dt: fc.constantFrom(
        0,
        1,
        MINUTE / 2,
        MINUTE - 1,
        MINUTE,
        10 * MINUTE,
        LEASE - 1,
        LEASE,
        3 * LEASE,
        LONGEST_SNOOZE,
      ),
      case: fc.nat(CASES - 1),
      who: fc.nat(PEOPLE.length - 1),
      what,
    })
    .map(({ what: done, ...rest }) => ({ ...rest, ...done }) as Step),
  { maxLength: 40 },
)

/** What happened to a case, as a diary: who has it follows from its last line, and the clock. */
type Line = { at: number } & (
  { had: string; until: number } | { free: true } | { asleep: number } | { decided: true }
)

class Diary {
  lines: Line[] = [{ at: START, free: true }]
  escalated = false

  get last(): Line {
    return this.lines.at(-1)!
  }
  holder(t: number): string | null {
    return 'had' in this.last && t < this.last.until ? this.last.had : null
  }
  asleep(t: number): boolean {
    return 'asleep' in this.last && t < this.last.asleep
  }
  get decided(): boolean {
    return 'decided' in this.last
  }
  /** Who has it by the lease, till when. */
  heldUntil(): number {
    return 'had' in this.last ? this.last.until : -Infinity
  }
  waitsFor(who: Worker, t: number): boolean {
    return !this.decided && this.holder(t) === null && !this.asleep(t) && (who.senior || !this.escalated)
  }

  /** What a task leads to by the rules as people would say them; null where it is refused. */
  expects(task: Task, who: Worker, t: number): Line | null {
    const holder = this.holder(t)
    const me = holder === who.subject
    const nobodys = holder === null && !this.decided
    const reach = who.senior || !this.escalated
    const mineOrSeniors = holder !== null && (me || who.senior)
    switch (task.action) {
      case 'claim':
        if (me) return this.last
        return nobodys && reach ? { at: t, had: who.subject, until: t + LEASE } : null
      case 'decide':
        if (this.decided) return null
        if (me) return { at: t, had: who.subject, until: Math.max(this.heldUntil(), t + MINUTE) }
        return nobodys && reach ? { at: t, had: who.subject, until: t + LEASE } : null
      case 'extend':
        return me ? { at: t, had: who.subject, until: t + LEASE } : null
      case 'release':
        return mineOrSeniors ? { at: t, free: true } : null
      case 'escalate':
        return mineOrSeniors || (nobodys && !this.escalated) ? { at: t, free: true } : null
      case 'snooze': {
        const ahead = task.until.getTime() - t
        if (ahead <= 0 || ahead > LONGEST_SNOOZE) return null
        return mineOrSeniors || (nobodys && reach) ? { at: t, asleep: task.until.getTime() } : null
      }
      case 'reassign':
        if (this.decided || !(who.senior || me)) return null
        return { at: t, had: task.to, until: t + LEASE }
    }
  }
}

/** The cases as the code has them, beside the diaries of the oracle. */
class World {
  now = START
  requests = 0
  readonly cases = Array.from({ length: CASES }, (): WorkState => fresh)
  readonly diaries = Array.from({ length: CASES }, () => new Diary())
  readonly done = Array.from({ length: CASES }, (): [Task, WorkContext][] => [])
  /** Decisions on their way to the database: until then nobody but a senior on purpose takes the case away. */
  readonly deciding = new Map<number, { by: string; before: number }>()

  take(step: Step): void {
    this.now += step.dt
    const who = PEOPLE[step.who]!
    switch (step.do) {
      case 'timer':
        for (const [i, found] of this.cases.entries()) {
          this.cases[i] = afterTime(found, new Date(this.now))?.next ?? found
        }
        break
      case 'next':
        this.next(who)
        break
      case 'stored':
        this.stored(step.case)
        break
      case 'again':
        this.again(step.case, step.who)
        break
      case 'reopen':
        if (!this.diaries[step.case]!.decided) break
        this.cases[step.case] = { ...this.cases[step.case]!, state: 'open', assignee: null, until: null }
        this.diaries[step.case]!.lines.push({ at: this.now, free: true })
        break
      case 'snooze':
        this.work(step.case, { action: 'snooze', until: new Date(this.now + step.for) }, who)
        break
      case 'reassign':
        this.work(step.case, { action: 'reassign', to: PEOPLE[step.to]!.subject }, who)
        break
      default:
        this.work(step.case, { action: step.do }, who)
    }
    this.check()
  }

  private work(i: number, task: Task, by: Worker): boolean {
    const diary = this.diaries[i]!
    const expected = diary.expects(task, by, this.now)
    const context = { now: new Date(this.now), by, lease: LEASE, requestId: `r${this.requests++}` }
    const outcome = workOn(this.cases[i]!, task, context)
    expect('refusal' in outcome, `${by.subject} ${task.action}`).toBe(expected === null)
    if ('refusal' in outcome || expected === null) return false
    expect(workOn(outcome.next, task, context), 'the same request again').toMatchObject(
      task.action === 'decide' ? {} : { next: outcome.next, events: [] },
    )
    this.cases[i] = outcome.next
    if (outcome.events.length > 0) this.done[i]!.push([task, context])
    if (expected !== diary.last) diary.lines.push(expected)
    if (task.action === 'escalate') diary.escalated = true
    if (task.action === 'decide' && !diary.decided) {
      this.deciding.set(i, { by: by.subject, before: this.now + MINUTE })
    } else if (!['claim', 'extend', 'decide'].includes(task.action)) this.deciding.delete(i)
    return true
  }

  /** A request that was carried out comes once more, as when its answer was lost; others may have come after it. */
  private again(i: number, back: number): void {
    const [task, context] = this.done[i]!.at(-1 - back) ?? []
    if (!task || !context || task.action === 'decide') return
    const outcome = workOn(this.cases[i]!, task, { ...context, now: new Date(this.now) })
    expect(outcome, `${task.action} again`).toEqual({ next: this.cases[i], events: [] })
  }

  /** The cases are in order of urgency. */
  private next(who: Worker): void {
    const now = new Date(this.now)
    const found = this.cases.findIndex((one) => routesOf(who).some((route) => isWaiting(one, route, now)))
    expect(found).toBe(this.diaries.findIndex((diary) => diary.waitsFor(who, this.now)))
    if (found >= 0) expect(this.work(found, { action: 'claim' }, who)).toBe(true)
  }

  /** A decision is stored, in time: it was its maker's case all along. */
  private stored(i: number): void {
    const decision = this.deciding.get(i)
    if (!decision || this.now >= decision.before) return
    expect(this.diaries[i]!.holder(this.now)).toBe(decision.by)
    this.cases[i] = { ...this.cases[i]!, state: 'decided', until: null }
    this.diaries[i]!.lines.push({ at: this.now, decided: true })
    this.deciding.delete(i)
  }

  private check(): void {
    const now = new Date(this.now)
    for (const [i, found] of this.cases.entries()) {
      const diary = this.diaries[i]!
      const current = asOf(found, now)
      expect(current.state === 'claimed' ? current.assignee : null).toBe(diary.holder(this.now))
      const asleep = current.state === 'open' && current.until !== null
      expect(asleep).toBe(diary.asleep(this.now))
      if (current.state === 'open') expect(current.assignee).toBeNull()
    }
  }
}

describe('work on cases', () => {
  it('gives a case to one person at a time, whatever people do and whenever', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        const world = new World()
        for (const step of taken) world.take(step)
      }),
      { numRuns: propertyRuns() },
    )
  })

  it('tells that a claim lapsed before it tells who has the case next', () => {
    const context = { now: new Date(START), by: PEOPLE[0]!, lease: LEASE, requestId: 'r1' }
    const claimed = workOn(fresh, { action: 'claim' }, context)
    if ('refusal' in claimed) throw new Error(claimed.refusal.slug)
    const later = new Date(START + LEASE)
    const taken = workOn(
      claimed.next,
      { action: 'claim' },
      { ...context, by: PEOPLE[1]!, now: later, requestId: 'r2' },
    )
    expect(taken).toMatchObject({
      next: { assignee: 'ben' },
      events: [
        { kind: 'case.released', by: 'system', cause: later.toISOString(), facts: { code: 'lapsed' } },
        { kind: 'case.claimed', by: 'ben', cause: 'r2' },
      ],
    })
    const early = { ...context, by: PEOPLE[1]!, now: new Date(later.getTime() - 1), requestId: 'r3' }
    expect(workOn(claimed.next, { action: 'claim' }, early)).toMatchObject({
      refusal: { kind: 'conflict', slug: 'claimed-by-another' },
    })
  })

  it('leaves a case to who decides it for a minute at least', () => {
    const context = { now: new Date(START), by: PEOPLE[0]!, lease: LEASE, requestId: 'r1' }
    const claimed = workOn(fresh, { action: 'claim' }, context)
    if ('refusal' in claimed) throw new Error(claimed.refusal.slug)
    const late = new Date(START + LEASE - 1)
    const deciding = workOn(claimed.next, { action: 'decide' }, { ...context, now: late, requestId: 'r2' })
    if ('refusal' in deciding) throw new Error(deciding.refusal.slug)
    expect(deciding.next.until).toEqual(new Date(late.getTime() + MINUTE))
    expect(isWaiting(deciding.next, 'general', new Date(late.getTime() + MINUTE - 1))).toBe(false)
  })

  it('says by slug why something cannot be', () => {
    const context = { now: new Date(START), by: PEOPLE[0]!, lease: LEASE, requestId: 'r1' }
    const slug = (found: Partial<WorkState>, task: Task): string => {
      const outcome = workOn({ ...fresh, ...found }, task, context)
      return 'refusal' in outcome ? `${outcome.refusal.kind} ${outcome.refusal.slug}` : 'done'
    }
    const far = new Date(START + LONGEST_SNOOZE + 1)
    expect(slug({}, { action: 'extend' })).toBe('conflict not-yours')
    expect(slug({}, { action: 'snooze', until: far })).toBe('malformed invalid-request')
    expect(slug({}, { action: 'reassign', to: 'ben' })).toBe('forbidden not-claimed')
    expect(slug({ route: 'senior' }, { action: 'claim' })).toBe('forbidden escalated')
    expect(slug({ route: 'senior' }, { action: 'escalate' })).toBe('conflict escalated-already')
    expect(slug({ state: 'held' }, { action: 'decide' })).toBe('conflict case-held')
    expect(slug({ state: 'decided' }, { action: 'claim' })).toBe('conflict case-decided')
    expect(slug({ state: 'decided' }, { action: 'decide' })).toBe('conflict case-decided')
    expect(slug({ state: 'decided', automated: true }, { action: 'decide' })).toBe('done')
    expect(slug({ state: 'closed' }, { action: 'decide' })).toBe('conflict case-closed')
  })
})
