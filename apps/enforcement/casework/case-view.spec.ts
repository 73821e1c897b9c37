import 'reflect-metadata'
import { describe, expect, it } from 'vitest'
import { aVerdict } from '../ledger/a-verdict.fixture.js'
import { entryView } from './case-view.js'
import type { CaseEntry } from '../ledger/cases/case.js'

function entry(category: string): CaseEntry {
  const { verdictId, receivedAt, classifiedAt, ...verdict } = aVerdict('a1', 'm1', {
    category,
    text: 'the words',
  })
  return {
    ...verdict,
    _id: verdictId,
    caseId: 'c1',
    addedAt: new Date(receivedAt),
    receivedAt: new Date(receivedAt),
    classifiedAt: new Date(classifiedAt),
  }
}
const title = { zh: '', en: '' }
const categories = {
  fraud: { title, actsOn: 'evidence' as const, sealed: false, blurred: false, dsa: null },
  child_safety: { title, actsOn: 'known-media' as const, sealed: true, blurred: true, dsa: null },
  violence: { title, actsOn: 'evidence' as const, sealed: false, blurred: true, dsa: null },
}

describe('a case', () => {
  it('shows its evidence, but no word of what its category seals', () => {
    expect(entryView(entry('fraud'), { categories })).toMatchObject({
      sealed: false,
      message: { text: 'the words' },
    })
    const sealed = entryView(entry('child_safety'), { categories })
    expect(sealed.sealed).toBe(true)
    expect(JSON.stringify(sealed)).not.toContain('the words')
    expect(sealed.message.messageId).toBe('m1')
  })

  it('is blurred where any of its categories is, or none is known', () => {
    const blurred = (...found: CaseEntry['categories'][]) =>
      entryView({ ...entry('fraud'), categories: found.flat() }, { categories }).blurred
    const [fraud, violence, unknown] = ['fraud', 'violence', 'unknown'].map((name) => entry(name).categories)
    expect([blurred(fraud!), blurred(violence!), blurred(fraud!, violence!), blurred(unknown!)]).toEqual([
      false,
      true,
      true,
      true,
    ])
  })
})
