import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { yamlExcessOf } from './bound-yaml.js'
import { parsePolicy } from './parse-policy.js'

const of = (text: string) => yamlExcessOf(text, { maxTokens: 1_000, maxDepth: 4 })
const DEFAULT = readFileSync('policies/default.yaml', 'utf8')

describe('the bounds of YAML', () => {
  it.each([
    ['a tag', 'a: !x 1', 'tags'],
    ['a tag in brackets', '[1, !<tag:x> 2]', 'tags'],
    ['an anchor', 'a: &b 1', 'aliases'],
    ['an alias', 'a: *b', 'aliases'],
    ['a directive', '%YAML 1.1\n---\na: 1', 'directives'],
    ['brackets', '[[[[[]]]]]', 'too-deep'],
    ['brackets without end', '['.repeat(100_000), 'too-deep'],
    ['maps in brackets without end', '{a: '.repeat(100_000), 'too-deep'],
    ['lists on one line', '- '.repeat(100_000), 'too-deep'],
    ['keys on one line', '? '.repeat(100_000), 'too-deep'],
    ['values on one line', 'a: '.repeat(100_000), 'too-deep'],
    ['many lines', 'a:\n'.repeat(1_000), 'too-many-nodes'],
    ['many items', `[${'1,'.repeat(1_000)}]`, 'too-many-nodes'],
    ['many comments', '#\n'.repeat(1_000), 'too-many-nodes'],
    ['many blank lines', '\t\n'.repeat(1_000), 'too-many-nodes'],
    ['many escapes', `"${'\\q'.repeat(1_000)}"`, 'too-many-nodes'],
    [
      'marks in texts',
      `a: "!x &b *c [[[[[["\nb: 'x !y'\nc: x !y &z *a\nd: |\n  !x\n  - - - - - -\n`,
      undefined,
    ],
    ['what stands at them', '[[[[]]]]', undefined],
    ['closing brackets first', ']]]]]]]][[[[', undefined],
  ])('%s', (_name, text, excess) => expect(of(text)).toBe(excess))

  it('leave room for policies many times as long as ours, also as JSON', () => {
    const { document } = parsePolicy(DEFAULT)
    for (const text of [DEFAULT, JSON.stringify(document, null, 2), stringify(document)]) {
      expect(parsePolicy(text).issues).toEqual([])
      expect(yamlExcessOf(text, { maxTokens: 12_000, maxDepth: 12 })).toBeUndefined()
    }
  })
})

describe('a policy', () => {
  it('tells of a tag, an anchor or a directive rather than being parsed', () => {
    expect(parsePolicy(`x: [${'!x 1,'.repeat(50_000)}1]`).issues).toMatchObject([{ slug: 'tags' }])
    expect(parsePolicy(`%TAG ! x\n---\n${DEFAULT}`).issues).toMatchObject([{ slug: 'directives' }])
  })

  it('tells of a key that is given twice, at any depth, by its line', () => {
    for (const [text, line] of [
      ['a: 1\nb: 2\na: 3', 3],
      ['x:\n  - {a: 1, b: 2, "a": 3}', 2],
      ['a:\n  b:\n    c: 1\n    c: 1', 4],
    ] as const)
      expect(parsePolicy(text).issues).toMatchObject([{ slug: 'not-yaml', line }])
    expect(parsePolicy('a: {b: 1}\nc: {b: 1}').issues.map(({ slug }) => slug)).not.toContain('not-yaml')
  })

  it('tells of so many mistakes as a person can mend, and of none by comparing endless words', () => {
    const keys = Array.from({ length: 2_000 }, (_, i) => `x${i}: 1`).join('\n')
    expect(parsePolicy(keys).issues.length).toBeLessThanOrEqual(200)
    const [issue] = parsePolicy(`${'n'.repeat(100_000)}: 1`).issues
    expect(issue?.reason).not.toContain('did you mean')
  })
})
