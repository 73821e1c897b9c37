import { describe, expect, it } from 'vitest'
import { partIn, partsAround, type Surroundings } from './may-hear.rules.js'

const at = new Date('2026-11-01T00:00:00Z')
const step = (by: string) => ({ by, at, reasons: { zh: '理由', en: 'reasons' } })
const decided = (decisionId: string, over: Partial<Surroundings['undone'][number]> = {}) => ({
  decisionId,
  by: 'system',
  approval: null,
  refusal: null,
  reversal: null,
  ...over,
})
const nobody: Surroundings = {
  undone: [decided('d1')],
  strikes: [],
  steps: [],
  onCases: [],
  heard: [],
  cases: [],
  reviewers: [],
  goldenKeepers: [],
  answerers: [],
}
const partOf = (subject: string, around: Partial<Surroundings>) =>
  partIn(subject, partsAround({ ...nobody, ...around }))

describe('the part that somebody has in what an appeal would undo', () => {
  it('is theirs who did something to one of the decisions', () => {
    for (const over of [
      { by: 'ann' },
      { approval: step('ann') },
      { refusal: step('ann') },
      { reversal: step('ann') },
    ]) {
      expect(partOf('ann', { undone: [decided('d1', over)] })).toBe('deciders')
    }
    expect(partOf('system', {})).toBeNull()
  })

  it('is theirs who heard an appeal about one of them, and not about others', () => {
    const heard = (covers: string[], undoes: string[]) => [{ appealId: 'apl_1', by: 'ben', covers, undoes }]
    expect(partOf('ben', { heard: heard(['d1'], ['d1']) })).toBe('hearers')
    expect(partOf('ben', { heard: heard(['step'], ['step', 'd1']) })).toBe('hearers')
    expect(partOf('ben', { heard: heard(['d2'], ['d2', 'd3']) })).toBeNull()
  })

  it('is not theirs who heard an appeal by which others of the same case were undone or replaced', () => {
    const heard = [{ appealId: 'apl_1', by: 'ben', covers: ['d2'], undoes: ['d2'] }]
    const undone = decided('d2', { by: 'ann', reversal: { ...step('ben'), appealId: 'apl_1' } })
    const replaces = { decisionId: 'd2', appealId: 'apl_1', servedFrom: at }
    const lesser = decided('d3', { by: 'ben', replaces })
    expect(partOf('ben', { heard, onCases: [undone, lesser] })).toBeNull()
    expect(partOf('ann', { heard, onCases: [undone, lesser] })).toBe('deciders')
    expect(partOf('ben', { onCases: [{ ...undone, reversal: step('ben') }] })).toBe('deciders')
    expect(partOf('ben', { heard, undone: [lesser], onCases: [undone, lesser] })).toBe('deciders')
  })

  it('is theirs who decided or approved a strike under a step, not theirs who took one back', () => {
    const strikes = [decided('d2', { by: 'ann', approval: step('cho'), reversal: step('dai') })]
    expect(partOf('ann', { strikes })).toBe('deciders')
    expect(partOf('cho', { strikes })).toBe('deciders')
    expect(partOf('dai', { strikes })).toBeNull()
  })

  it('is theirs who refused a step that arose at the same message', () => {
    expect(partOf('ann', { steps: [decided('d2', { refusal: step('ann') })] })).toBe('deciders')
  })

  it('is theirs who worked on the case, wrote in it, reviewed it or put it forward', () => {
    const cases = [{ workedBy: ['ann'], notes: [{ noteId: 'n', at, by: 'ben', text: 'seen' }] }]
    expect(partOf('ann', { cases })).toBe('workers')
    expect(partOf('ben', { cases })).toBe('noteWriters')
    expect(partOf('cho', { reviewers: ['cho'] })).toBe('reviewers')
    expect(partOf('dai', { goldenKeepers: ['dai'] })).toBe('goldenKeepers')
    expect(partOf('eve', { answerers: ['eve'] })).toBe('workers')
  })
})
