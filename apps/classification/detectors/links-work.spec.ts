import { describe, expect, it } from 'vitest'
import { readLink, scanLinks } from './links.js'
import { foldCharacters, NormalisedText } from '#libs/text/normalise'

/** How often the search looks at a unit of the text: work, whatever the machine. */
function looksAt(text: string, most?: number): number {
  const { codes, positions } = foldCharacters(text)
  let looks = 0
  const counted = new Proxy(codes, {
    get: (target, name) => {
      if (typeof name === 'string' && /^\d+$/.test(name)) looks++
      return Reflect.get(target, name, target) as unknown
    },
  })
  scanLinks(new NormalisedText(counted, positions), most)
  return looks
}

const NASTY = [
  'a@b.com/',
  '@a.co/',
  'a.zzz/',
  'http://a.zzz/',
  'a.zzz/....',
  'x@a.co:80/',
  'http://a@',
  'http://a.b@',
  'http://http://',
  'a.b.',
  '1.2.3.4.',
  'a。',
  'x dot ',
  'x[.]',
  'a . ',
  'mailto:a@b.cc,',
  'www.a.com/?',
]

describe('the work of looking for links', () => {
  it.each(NASTY)('grows with the length of the text alone: %s', (unit) => {
    const of = (length: number): number =>
      looksAt(unit.repeat(Math.ceil(length / unit.length)).slice(0, length))
    const [once, twice, fourfold] = [of(1_000), of(2_000), of(4_000)]
    expect(twice).toBeLessThan(2.5 * once)
    expect(fourfold).toBeLessThan(2.5 * twice)
    // Ten labels that may begin at each, and a look or two around them.
    expect(fourfold).toBeLessThan(100 * 4_000)
  })

  it('ends at the first of a link that is given beside the text', () => {
    const given = `https://a.com/ ${'b.com/x '.repeat(250)}`
    expect(readLink(given)).toMatchObject({ host: 'a.com', rest: '/' })
    expect(looksAt(given, 1)).toBeLessThan(200)
  })
})
