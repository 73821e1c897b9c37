import fc from 'fast-check'
import Fastify from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PLATFORM_OWN_ID } from '#libs/contracts/fields'
import { pathSegment, readDotSegments } from './dot-segments.js'

const app = Fastify({ rewriteUrl: ({ url = '/' }) => readDotSegments(url) })
let address = ''

interface Answer {
  readonly route: string
  readonly params: { readonly platform: string; readonly account: string }
}

async function get(path: string): Promise<Answer> {
  const response = await fetch(`${address}${path}`)
  return (await response.json()) as Answer
}

beforeAll(async () => {
  for (const route of ['', '/timeline']) {
    app.get(`/v1/accounts/:platform/:account${route}`, ({ params }) => ({ route, params }))
  }
  address = await app.listen({ port: 0, host: '127.0.0.1' })
})
afterAll(() => app.close())

describe('an id in a path', () => {
  it.each(['.', '..', '...', 'a', '@', ':', 'a@b:c', '..a', '-'])(
    'is found by its link: %s',
    async (account) => {
      for (const route of ['', '/timeline']) {
        const link = `/v1/accounts/p1/${pathSegment(account)}${route}`
        expect(await get(link)).toEqual({ route, params: { platform: 'p1', account } })
      }
    },
  )

  it.each(['%252e', '%252E%252e'])('is read in either case: %s', async (dots) => {
    const { params } = await get(`/v1/accounts/p1/${dots}/timeline?q=%252E`)
    expect(params.account).toBe('.'.repeat(dots.length / 5))
  })

  it('is no other for being written so', () => {
    const own = fc.oneof(fc.constantFrom('.', '..'), fc.stringMatching(new RegExp(PLATFORM_OWN_ID)))
    fc.assert(
      fc.property(own, (id) => {
        const link = `/x/${pathSegment(id)}/y?z=/%252E`
        const { pathname, search } = new URL(link, 'http://host')
        const [, x, read, y] = readDotSegments(pathname + search)
          .split('?')[0]!
          .split('/')
        expect([x, decodeURIComponent(read!), y]).toEqual(['x', id, 'y'])
        expect(readDotSegments(pathname + search).endsWith('?z=/%252E')).toBe(true)
      }),
    )
  })
})
