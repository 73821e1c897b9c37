import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { propertyRuns } from '#libs/testing/property-runs.fixture'
import { normalise, originalSpan } from './normalise.js'

const text = (s: string) => normalise(s).text
const runs = { numRuns: propertyRuns(1_000, 20_000) }

/** Ways of writing one character so that it is shown as itself. */
const disguises: readonly ((char: string) => string)[] = [
  (char) => char,
  (char) => `&#${char.codePointAt(0)};`,
  (char) => `&#x${char.codePointAt(0)!.toString(16)};`,
  (char) => `&amp;#${char.codePointAt(0)};`,
  (char) => `<b>${char}</b>`,
  (char) => `<span class="x">${char}</span>`,
  (char) => `**${char}**`,
  (char) => `~~${char}~~`,
  (char) => `${char}\u200b`,
  (char) => `\u202e${char}\u202c`,
  (char) => `<wbr>[i]${char}[/i]`,
  (char) => `\u2067${char}\u2069`,
]

/** Entities and tags taken away one after the other, from the left, until there are none: slow and obvious. */
function plainOf(written: string): string {
  for (;;) {
    const next = written
      .replace(/&#(\d{1,7});/, (_, digits: string) => String.fromCodePoint(Number(digits)))
      .replace(/&amp;/, '&')
      .replace(/&lt;/, '<')
      .replace(/&gt;/, '>')
      .replace(/<\/?b>/, '')
    if (next === written) return written
    written = next
  }
}

const messy = fc
  .array(
    fc.constantFrom(
      ...[
        ...'ab12 ;&<>/*_~`|#中国开，。、',
        '  ',
        '**',
        '__',
        '<b>',
        '</b>',
        '<br>',
        '&amp;',
        '&#98;',
        '&lt;',
        '&gt;',
      ],
      ...['<b x=', '<!--', '-->', '[b]', '[/', ']', '*', '🇨', '🇳', '\u2066', '\u2069', '(', ')', '"'],
      ...['🔥', '❤️', '\u202e', '\u202c', '\u200b', '. ', '&#59;', '&#xfdfa;', '&shy;', 'x'],
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(''))

describe('normalise, of what is written so that it is shown as something else', () => {
  it.each([
    ['fr**ee** mo**n**ey', 'free money'],
    ['__free__ `money`', 'free money'],
    ['fr&#101;e m&amp;#111;ney', 'free money'],
    ['fr<b>ee</b> <a href="https://x.example">money</a>', 'free money'],
    ['free<br>money', 'free money'],
    ['代🔥开🔥发❤️票', '代开发票'],
    ['加💰微💰信', '加微信'],
    ['代，开，发，票！', '代开发票!'],
    ['f r e e  m o n e y', 'free money'],
    ['w i n  a  p r i z e', 'win a prize'],
    ['buy \u202eyenom eerf\u202c now', 'buy free money now'],
    ['\u202e信微加', '加微信'],
    ['fr<wbr>ee mo<kbd>ney</kbd>', 'free money'],
    [`fr<span class="${'x'.repeat(200)}">ee</span> money`, 'free money'],
    ['fr<b title="字">ee</b> mo<i title="a>b">n</i>ey', 'free money'],
    ['fr<!---->ee mo[b]ney[/b]', 'free money'],
    ['fr&ZeroWidthSpace;ee&NewLine;m&ofr;n&eacute;y', 'free money'],
    ['fr&#00000000101;e m&#x0000006f;ney', 'free money'],
    ['*free* _money_', 'free money'],
    ['fr*e*e mo*ne*y', 'free money'],
    ['fr****ee money', 'free money'],
    ['fr&ast;&ast;ee&ast;&ast; <*b>money*', 'free money'],
    ['ꜰʀᴇᴇ mønɇɏ', 'free money'],
    ['f🔥r🔥e🔥e', 'free'],
    ['(m)(o)(n)(e)(y)', '(money)'],
    ['代🔥🔥🔥🔥🔥开🇨🇳发→票', '代开发票'],
    ['（代）（开）（发）（票）', '(代开发票)'],
    ['代。开，发！！票', '代开发票'],
    ['\u2066\u202eyenom\u2069 free', 'money free'],
    ['\u202e\u2066ey\u2069\u2066mon\u2069\u202c now', 'money now'],
    ['\u202eyenom\u202aeerf\u202c', 'eerfmoney'],
    ['\u202eyenom\u202e eerf\u202c', 'free money'],
    ['\u202eyenom\u2029now', 'money now'],
  ])('%j is %j', (from, to) => {
    expect(text(from)).toBe(to)
  })

  it.each([
    ['a b c d', 'a b c d'],
    ['J. R. R. Tolkien', 'j. r. r. tolkien'],
    ['$ 5 and $ 9', '$ 5 and $ 9'],
    ['5**2 and 3**4', '5**2 and 3**4'],
    ['f**k', 'f**k'],
    ['a < b and c > d', 'a < b and c > d'],
    ['AT&T; R&D; &c;', 'at&t; r&d; &c;'],
    ['男，女。好', '男,女。好'],
    ['I ♥ you', 'i ♥ you'],
    ['东、南、西、北', '东、南、西、北'],
    ['a*b', 'a*b'],
    ['来，坐。吃', '来,坐。吃'],
    ['[x] <y> a[0]', '[x] <y> a[0]'],
    ['x, y, z and R&D; T', 'x, y, z and r&d; t'],
  ])('leaves apart what belongs apart: %j', (from, to) => {
    expect(text(from)).toBe(to)
  })

  it('hides nothing that is read where tags are not understood', () => {
    const hidden = text(
      '<b x=we will find you>hi</b> <!-- add telegram abc123 --> <a href="https://x.example">y</a>',
    )
    expect(hidden).toBe('hi y x=we will find you add telegram abc123')
    const where = normalise('so <b x=bad words>hi</b>')
    const at = where.text.indexOf('bad')
    expect('so <b x=bad words>hi</b>'.slice(...originalSpan(where, at, at + 9))).toBe('bad words')
  })

  it('is what it is without the disguise of each character', () => {
    const word = fc.array(
      fc.tuple(fc.constantFrom(...'freemonyabz中国开发票'), fc.constantFrom(...disguises)),
      {
        minLength: 3,
        maxLength: 20,
      },
    )
    fc.assert(
      fc.property(word, (chars) => {
        const plain = chars.map(([char]) => char).join('')
        const written = chars.map(([char, disguise]) => disguise(char)).join('')
        // One pair of marks is the least that is taken for emphasis.
        expect(text(`${written} **x** `)).toBe(text(`${plain} **x** **x**`).slice(0, -2))
      }),
      runs,
    )
  })

  it('decodes as taking away one by one does', () => {
    const parts = fc.array(
      fc.constantFrom('a', 'k', '&', '#98;', '&amp;', '&lt;', '&gt;', 'b', '<b>', '</b>', '&#107;', ';'),
      { maxLength: 20 },
    )
    fc.assert(
      fc.property(parts, (some) => {
        const written = some.join('')
        expect(text(written)).toBe(text(plainOf(written)))
      }),
      runs,
    )
  })

  it('changes nothing when done again, and has every span in the text', () => {
    fc.assert(
      fc.property(messy, (s) => {
        const once = normalise(s)
        expect(text(once.text)).toBe(once.text)
        for (let i = 0; i < once.codes.length; i += 1) {
          const [from, to] = originalSpan(once, i, i + 1)
          expect(from >= 0 && from < to && to <= s.length).toBe(true)
        }
      }),
      runs,
    )
  })

  it('gives the place of a word in the original', () => {
    const spanOf = (written: string, word: string): string => {
      const normalised = normalise(written)
      const at = normalised.text.indexOf(word)
      return written.slice(...originalSpan(normalised, at, at + word.length))
    }
    expect(spanOf('buy \u202eyenom eerf\u202c now', 'free')).toBe('eerf')
    expect(spanOf('so &#102;ree now', 'free')).toBe('&#102;ree')
    expect(spanOf('so f<b>r</b>ee now', 'free')).toBe('f<b>r</b>ee')
    expect(spanOf('请代🔥开🔥发票', '代开发票')).toBe('代🔥开🔥发票')
  })
})
