import { expect, it } from 'vitest'
import { OUR_ACTORS } from '#libs/contracts/actors'
import { callerOfClaims, TokenError } from './token-verifier.js'

it.each([...OUR_ACTORS, 'System', ' account', 'pub\u200blic', 'ｓｙｓｔｅｍ'])(
  'nobody comes in as %j',
  (sub) => {
    expect(() => callerOfClaims({ sub, roles: ['senior'] })).toThrow(TokenError)
  },
)

it('a name beside ours is a name', () => {
  expect(callerOfClaims({ sub: 'system-7', roles: ['senior'] })).toEqual({
    subject: 'system-7',
    roles: ['senior'],
  })
})
