import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RefusedError } from '#libs/runtime/errors'
import { AccountWorld } from '../ledger/account-world.fixture.js'
import { applyDecision } from '../ledger/apply-decision.rules.js'
import { applyVerdicts } from '../ledger/apply-verdicts.rules.js'
import { applyMerge } from './apply-merge.rules.js'
import { applyReopening } from './apply-reopening.rules.js'

type Task =
  | { do: 'review' | 'act' | 'decide' }
  | { do: 'reopen'; which: number }
  | { do: 'merge'; which: number; into: number }

const aCase = fc.nat(5)
const aTask: fc.Arbitrary<Task> = fc.oneof(
  fc.constantFrom<Task>({ do: 'review' }, { do: 'act' }, { do: 'decide' }),
  fc.record({ do: fc.constant('reopen' as const), which: aCase }),
  fc.record({ do: fc.constant('merge' as const), which: aCase, into: aCase }),
)

/** Three cases: an automatic one, a decided one, an open one. */
const BEFORE = (['act', 'review', 'decide', 'review'] as const).map((task): Task => ({ do: task }))

/** What cases an account has, in the simplest words: by the order in which they began. */
class Model {
  readonly cases: { state: 'open' | 'decided' | 'closed'; into?: number; entries: string[] }[] = []
  automated = -1

  get open(): number {
    return this.cases.findIndex(({ state }) => state === 'open')
  }

  /** Says whether it can be done. */
  tried(task: Task, verdict: string): boolean {
    switch (task.do) {
      case 'review':
        if (this.open < 0) this.cases.push({ state: 'open', entries: [] })
        this.cases[this.open]!.entries.push(verdict)
        return true
      case 'act':
        if (this.open < 0 && this.automated < 0) {
          this.automated = this.cases.push({ state: 'decided', entries: [] }) - 1
        }
        this.cases[this.open < 0 ? this.automated : this.open]!.entries.push(verdict)
        return true
      case 'decide':
        // What a person decided takes in nothing more.
        if (this.open === this.automated) this.automated = -1
        if (this.open >= 0) this.cases[this.open]!.state = 'decided'
        return true
      case 'reopen': {
        const found = this.cases[task.which]
        if (!found || found.state === 'open') return true
        if (found.state === 'closed' || this.open >= 0) return false
        found.state = 'open'
        return true
      }
      case 'merge': {
        const [found, into] = [this.cases[task.which], this.cases[task.into]]
        if (!found || !into || found === into || (found.into === task.into && found.state === 'closed'))
          return true
        if (found.state !== 'decided' || into.state !== 'open') return false
        Object.assign(found, { state: 'closed', into: task.into })
        if (task.which === this.automated) this.automated = -1
        return true
      }
    }
  }
}

describe('merging the cases of an account', () => {
  it('keeps at most one case that waits, and each entry in one file, whatever else happens', () => {
    let merges = 0
    fc.assert(
      fc.property(fc.array(aTask, { maxLength: 16, size: 'max' }), (tasks) => {
        const world = new AccountWorld('observe')
        const model = new Model()
        const ids = (): string[] => [...new Set(world.cases.map(({ caseId }) => caseId))]
        let now = Date.UTC(2026, 10, 1)
        const attempt = (task: Task, verdictId: string): void => {
          const context = world.context(new Date((now += 60_000)), 'anna')
          const made = change(world, task, ids(), verdictId, context)
          if (made) world.apply(made)
          if (made && task.do === 'merge') merges++
        }
        ;[...BEFORE, ...tasks].forEach((any, i) => {
          const task = among(any, model.cases.length || 1)
          const verdictId = `v${i}`
          const possible = model.tried(task, verdictId)
          if (possible) attempt(task, verdictId)
          else expect(() => attempt(task, verdictId)).toThrow(RefusedError)

          const states = new Map<string, string>()
          const into = new Map<string, string>()
          for (const { caseId, state, mergedInto } of world.cases) {
            if (state) states.set(caseId, state)
            if (mergedInto) into.set(caseId, mergedInto)
          }
          expect(ids().map((id) => states.get(id))).toEqual(model.cases.map(({ state }) => state))
          expect(ids().map((id) => into.get(id))).toEqual(
            model.cases.map((one) => (one.into === undefined ? undefined : ids()[one.into])),
          )
          expect(world.state?.openCase?.caseId).toBe(ids()[model.open])
          const entered = model.cases.flatMap(({ entries }, at) => entries.map((entry) => [entry, ids()[at]]))
          expect(Object.fromEntries(world.entries)).toEqual(Object.fromEntries(entered))
        })
      }),
      { numRuns: 1_500 },
    )
    expect(merges).toBeGreaterThan(500)
  })
})

/** The task with one of `count` cases meant. */
function among(task: Task, count: number): Task {
  switch (task.do) {
    case 'merge':
      return { ...task, which: task.which % count, into: task.into % count }
    case 'reopen':
      return { ...task, which: task.which % count }
    default:
      return task
  }
}

/** What a task makes of the account; null where there is nothing to change. */
function change(
  world: AccountWorld,
  task: Task,
  ids: readonly string[],
  verdictId: string,
  context: ReturnType<AccountWorld['context']>,
) {
  switch (task.do) {
    case 'review':
    case 'act': {
      const score = { category: 'fraud', clause: 'c.1', score: 0.9, severity: 1, signals: [] }
      const at = { receivedAt: context.now, sentAt: context.now, language: null, account: null }
      const verdict = {
        verdictId,
        messageId: verdictId,
        outcome: task.do,
        mode: 'live',
        policyVersion: '1',
        ...at,
      }
      return applyVerdicts(
        world.facts,
        [{ ...verdict, categories: [{ ...score, outcome: task.do }] }],
        context,
      )
    }
    case 'decide': {
      const caseId = world.state?.openCase?.caseId
      if (!caseId) return null
      const decision = {
        decisionId: `d-${verdictId}`,
        caseId,
        measure: 'none' as const,
        clause: null,
        reasons: { zh: '无', en: 'none' },
        messages: [],
        verdictIds: [],
        detectors: [],
        until: null,
        notBefore: null,
      }
      return applyDecision(world.facts, decision, context)
    }
    case 'reopen': {
      const caseId = ids[task.which]
      return caseId ? applyReopening(world.facts, { caseId, requestId: verdictId }, context) : null
    }
    case 'merge': {
      const [caseId, into] = [ids[task.which], ids[task.into]]
      if (!caseId || !into || caseId === into) return null
      return applyMerge(world.facts, { caseId, into, requestId: verdictId }, context)
    }
  }
}
