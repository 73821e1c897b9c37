import { InvalidArgumentError } from 'commander'
import { expect, it } from 'vitest'
import { instantOption } from './instant-option.js'

it.each([
  ['2026-11-24T07:00:00Z', 1_795_503_600_000],
  ['2026-11-24T15:00+08:00', 1_795_503_600_000],
])('the instant %s', (text, instant) => {
  expect(instantOption(text).getTime()).toBe(instant)
})

it.each(['2026-11-24', '2026-11-24T07:00:00', '2026-13-24T07:00:00Z', 'yesterday'])(
  'no instant: %s',
  (text) => {
    expect(() => instantOption(text)).toThrow(InvalidArgumentError)
  },
)
