import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const FOLDER = join(import.meta.dirname, 'own-texts')
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.jsonl'))

interface OwnText {
  text: string
  language: string
  category: string | null
  kind: string
}

const read = (file: string) =>
  readFileSync(join(FOLDER, file), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as OwnText)

const letters = (text: string) => text.toLowerCase().replace(/[^\p{L}\p{N}\s]/gu, '')

/** Six words, or six characters where words are not set apart: what a frame would show in. */
function opening({ text, language }: OwnText): string {
  const plain = letters(text)
  return language === 'zh'
    ? [...plain.replace(/\s/g, '')].slice(0, 6).join('')
    : plain.trim().split(/\s+/).slice(0, 6).join(' ')
}

describe.each(FILES)('own texts in %s', (file) => {
  const texts = read(file)
  const [category, language] = file.replace('.jsonl', '').split('-')

  it('say what the name of the file says', () => {
    const expected = { language, category: category === 'negatives' ? null : category }
    for (const { text, kind, ...rest } of texts) {
      expect(rest).toEqual(expected)
      expect(kind).toMatch(/^[a-z-]+$/)
      expect(letters(text).trim()).not.toBe('')
    }
  })

  it('seldom begin alike, for a model learns frames', () => {
    const counts = new Map<string, number>()
    for (const one of texts) counts.set(opening(one), (counts.get(opening(one)) ?? 0) + 1)
    const alike = texts.filter((one) => (counts.get(opening(one)) ?? 0) > 1).length
    expect(alike / texts.length).toBeLessThan(0.1)
  })

  it('are as many as the README says', () => {
    const readme = readFileSync(join(FOLDER, 'README.md'), 'utf8')
    expect(readme).toMatch(new RegExp(`\\| ${file.replace('.', '\\.')} +\\| +${texts.length} \\|`))
  })
})

it('no own text stands twice', () => {
  const all = FILES.flatMap(read).map((one) => letters(one.text).replace(/\s/g, ''))
  expect(all.filter((text, i) => all.indexOf(text) !== i)).toEqual([])
})
