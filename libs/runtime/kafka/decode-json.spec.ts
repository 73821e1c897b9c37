import { describe, expect, it } from 'vitest'
import { parseJson } from './decode-json.js'

const slugOf = (text: string): string | undefined => {
  try {
    parseJson(Buffer.from(text))
    return undefined
  } catch (error) {
    return (error as { slug: string }).slug
  }
}

describe('a value that would take long to parse', () => {
  it.each([
    ['brackets without end', '['.repeat(1_000_000), 'too-deep'],
    ['lists side by side', `[${'[],'.repeat(10_000_000)}[]]`, 'too-large'],
    [
      'a large record',
      JSON.stringify({ text: '[{,'.repeat(300_000), list: Array(10_000).fill(1) }),
      undefined,
    ],
    ['a small one that is deep', '['.repeat(1_000) + ']'.repeat(1_000), undefined],
  ])('%s', (_name, text, slug) => expect(slugOf(text)).toBe(slug))
})
