import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAIL_ADDRESS, mailAddress } from './mail-address.js'

const atTheDoor = (text: string): boolean => new RegExp(MAIL_ADDRESS, 'u').test(text)

const GOOD = [
  'a@b.cc',
  "o'neil+tag@mail.example.co.uk",
  'A_1!#$%&*/=?^`{|}~-@x-y.example',
  `${'a'.repeat(64)}@b.cc`,
  'a.b@xn--bcher-kva.example',
]
const BAD = [
  'a,b@p1.example',
  'a;b@p1.example',
  'a b@p1.example',
  '"a"@p1.example',
  'a(x)@p1.example',
  '<a@p1.example>',
  'Anna <a@p1.example>',
  'a@p1.example, b@p1.example',
  'a@b@p1.example',
  '@p1.example',
  'a@',
  'a@.example',
  'a@p1..example',
  'a@p1.example.',
  'a@-p1.example',
  'a@p1-.example',
  'a@p1_x.example',
  'a@127.0.0.1',
  'a@[127.0.0.1]',
  'a@p1.123',
  '.a@p1.example',
  'a.@p1.example',
  'a..b@p1.example',
  `${'a'.repeat(65)}@b.cc`,
  `a@${'b'.repeat(64)}.cc`,
  `a@${'b.'.repeat(130)}cc`,
  'a@p1.example\r\nbcc: x@y.zz',
  'ä@p1.example',
  'a\u202e@p1.example',
  '',
]

describe('an address', () => {
  it.each(GOOD)('%s is taken at the door, and mail goes there', (text) => {
    expect([atTheDoor(text), mailAddress(text)]).toEqual([true, text])
  })

  it.each(BAD)('%j is taken nowhere', (text) => {
    expect([atTheDoor(text), mailAddress(text)]).toEqual([false, null])
  })

  it('with a domain in other letters is written in ASCII, and inside a domain may be one word', () => {
    expect(mailAddress('a@bücher.example')).toBe('a@xn--bcher-kva.example')
    expect(mailAddress('weir@localhost')).toBe('weir@localhost')
    expect(['a@bücher.example', 'weir@localhost'].map(atTheDoor)).toEqual([false, false])
  })

  it('that is taken at the door is one that mail goes to, as it stands', () => {
    const part = fc.string({ unit: fc.constantFrom(...'aZ9.-_+@ \u00e9'), minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(part, part, (local, domain) => {
        const text = `${local}@${domain}`
        if (atTheDoor(text)) expect(mailAddress(text)?.toLowerCase()).toBe(text.toLowerCase())
      }),
      { numRuns: 2_000 },
    )
  })
})
