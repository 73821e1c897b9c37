import fc from 'fast-check'
import { expect, it } from 'vitest'
import { propertyRuns } from '#libs/testing/property-runs.fixture'
import { isOurActor, OUR_ACTORS } from './actors.js'

const RUNS = propertyRuns(1_000, 20_000)
const wide = (text: string): string =>
  [...text].map((one) => String.fromCodePoint(one.codePointAt(0)! + 0xfee0)).join('')
const UNSEEN = [
  ' ',
  '\t',
  '\u00a0',
  '\u200b',
  '\u200d',
  '\u2060',
  '\ufeff',
  '\u00ad',
  '\u3164',
  '\u034f',
  '\u0000',
  '\u202e',
]

it.each([
  ...OUR_ACTORS,
  ...OUR_ACTORS.map((name) => name.toUpperCase()),
  ...OUR_ACTORS.map(wide),
  ' system ',
  'sys\u200btem',
  '\u3164account',
  'ſystem',
  's\u0301ystem',
])('%j reads as one of our names', (name) => {
  expect(isOurActor(name)).toBe(true)
})

it.each(['', 'anna', 'system-1', 'accountant', 'the public', 'account/acc-1', 'p1', 'local-system'])(
  '%j is a name that a person may have',
  (name) => {
    expect(isOurActor(name)).toBe(false)
  },
)

it('is hidden by no case, width or unseen mark', () => {
  const disguised = fc
    .constantFrom(...OUR_ACTORS)
    .chain((name) =>
      fc.tuple(
        ...[...name].map((letter) =>
          fc
            .tuple(
              fc.constantFrom(letter, letter.toUpperCase(), wide(letter)),
              fc.constantFrom('', ...UNSEEN),
            )
            .map(([one, mark]) => `${one}${mark}`),
        ),
      ),
    )
  fc.assert(
    fc.property(fc.constantFrom('', ...UNSEEN), disguised, (before, letters) => {
      expect(isOurActor(`${before}${letters.join('')}`)).toBe(true)
    }),
    { numRuns: RUNS },
  )
})
