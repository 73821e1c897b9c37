import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BRACKETS, differences, marked } from './print-explanation.rules.js'

describe('an explanation', () => {
  it('sets off exactly what was found', () => {
    const span = fc
      .tuple(fc.nat(39), fc.integer({ min: 1, max: 10 }))
      .map(([at, n]): [number, number] => [at, at + n])
    fc.assert(
      fc.property(fc.array(span, { maxLength: 5 }), (spans) => {
        const text = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMN'
        const shown = marked(text, spans, BRACKETS)
        expect(shown.replaceAll('[[', '').replaceAll(']]', '')).toBe(text)
        const found = [...shown.matchAll(/\[\[(.*?)\]\]/g)].map(([, inside]) => inside!).join('')
        const expected = [...text].filter((_, i) => spans.some(([from, to]) => i >= from && i < to)).join('')
        expect(found).toBe(expected)
      }),
    )
  })

  it('leaves out what is far, and lets a text move no cursor', () => {
    const shown = marked(
      `${'a'.repeat(500)}bad${'c'.repeat(500)}\u001b[2Jworse`,
      [
        [500, 503],
        [1_007, 1_012],
      ],
      BRACKETS,
    )
    expect(shown).toMatch(/^ … a{60}\[\[bad\]\]c{60} …  … c{56} \[2J\[\[worse\]\]$/)
  })

  it('names where two verdicts differ', () => {
    expect(differences({ a: [1, { b: 2 }], c: 'x' }, { a: [1, { b: 3 }], d: 'x' })).toEqual([
      '/a/1/b',
      '/c',
      '/d',
    ])
    expect(differences({ a: [1] }, { a: [1] })).toEqual([])
  })
})
