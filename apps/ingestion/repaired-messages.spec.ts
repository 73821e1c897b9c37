import 'reflect-metadata'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { revisionOf } from '#libs/contracts/message'
import { MessageIn } from '#libs/contracts/message-in'
import { contractCheck } from '#libs/runtime/json/validator'
import { propertyRuns } from '#libs/testing/property-runs.fixture'
import { type AcceptedOutcome, checkMessage, checkValue } from './check-message.rules.js'

const RUNS = propertyRuns(1_000, 20_000)

const good = {
  messageId: 'm-7',
  accountId: 'acc-9',
  visibility: 'public',
  sentAt: '2026-11-24T07:00:00Z',
  text: 'hello',
}
const SHA = 'a'.repeat(64)
const image = { mediaId: 'i-1', kind: 'image' }
const strict = contractCheck(MessageIn)

function accepted(value: unknown): AcceptedOutcome {
  const checked = checkMessage(Buffer.from(JSON.stringify(value)))
  if (checked.outcome !== 'accepted') throw new Error(JSON.stringify(checked))
  return checked
}

const longLink = `https://evil.example/${'p'.repeat(2_100)}`
const links = (count: number): string[] => Array.from({ length: count }, (_, i) => `https://a${i}.example`)

describe('a message whose side fields are wrong', () => {
  it.each<[string, object, object, string[]]>([
    [
      'a link of 2 121 characters',
      { links: [longLink] },
      { links: [longLink.slice(0, 2_048)] },
      ['/links/0 cut'],
    ],
    [
      'a host behind a long name',
      { links: [`https://${'u'.repeat(3_000)}@evil.example/x`] },
      { links: ['https://x@evil.example/x'] },
      ['/links/0 cut'],
    ],
    [
      'a link that is an object',
      { links: ['https://a', {}] },
      { links: ['https://a'] },
      ['/links/1 dropped'],
    ],
    ['links that are one', { links: 'https://a' }, { links: ['https://a'] }, ['/links rewritten']],
    ['links that are none', { links: { a: 1 } }, { links: undefined }, ['/links dropped']],
    ['51 links, kept to be judged', { links: links(51) }, { links: links(51) }, ['/links cut']],
    [
      'a display name of 201',
      { account: { displayName: '😀'.repeat(201) } },
      { account: { displayName: '😀'.repeat(200) } },
      ['/account/displayName cut'],
    ],
    ['zh_CN', { language: 'zh_CN' }, { language: 'zh-CN' }, ['/language rewritten']],
    ['no language', { language: '??' }, { language: undefined }, ['/language dropped']],
    [
      'followers below 0',
      { account: { followers: -1, verified: true } },
      { account: { verified: true } },
      ['/account/followers dropped'],
    ],
    ['an account that is a list', { account: [1] }, { account: undefined }, ['/account dropped']],
    ['another kind of account', { account: { kind: 'bot' } }, { account: {} }, ['/account/kind dropped']],
    [
      'a reference to an owner that is too long',
      { account: { ownerRef: 'x'.repeat(201) } },
      { account: {} },
      ['/account/ownerRef dropped'],
    ],
    ['an audience of 12.5', { audience: 12.5 }, { audience: 12 }, ['/audience cut']],
    [
      'a bad hash',
      { media: [{ ...image, sha256: 'zz', pdq: SHA }] },
      { media: [{ ...image, pdq: SHA }] },
      ['/media/0/sha256 dropped'],
    ],
    [
      'two bad media',
      { media: [image, { kind: 'image' }, 7] },
      { media: [image] },
      ['/media/1 dropped', '/media/2 dropped'],
    ],
    [
      'a medium of another kind, which has a hash',
      { media: [{ mediaId: 'i-1', kind: 'sticker', sha256: SHA }] },
      { media: [{ mediaId: 'i-1', kind: 'file', sha256: SHA }] },
      ['/media/0/kind rewritten'],
    ],
    [
      'a medium without a right id, which has a hash',
      { media: [{ mediaId: 'no id', pdq: SHA, pdqQuality: 101 }] },
      { media: [{ mediaId: SHA, kind: 'file', pdq: SHA }] },
      ['/media/0/mediaId rewritten', '/media/0/kind rewritten', '/media/0/pdqQuality dropped'],
    ],
    [
      '21 media',
      { media: Array<object>(21).fill(image) },
      { media: Array<object>(20).fill(image) },
      ['/media cut'],
    ],
    ['a bad repostOf', { repostOf: 'no id' }, { repostOf: undefined }, ['/repostOf dropped']],
    ['a bad requested', { requested: 7 }, { requested: undefined }, ['/requested dropped']],
    [
      'a long text, kept to be judged',
      { text: 'x'.repeat(20_001) },
      { text: 'x'.repeat(20_001) },
      ['/text cut'],
    ],
  ])('is accepted with %s', (_name, change, result, repairs) => {
    const { message, repairs: made } = accepted({ ...good, ...change })
    expect(message).toEqual({ ...good, ...result })
    expect(made?.map(({ path, what }) => `${path} ${what}`)).toEqual(repairs)
  })

  it('loses what nobody knows, as any message', () => {
    const { message } = accepted({
      ...good,
      audience: -1,
      more: 1,
      account: { x: 1 },
      media: [{ ...image, y: 2 }],
    })
    expect(message).toEqual({ ...good, account: {}, media: [image] })
  })
})

const junk = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>(-1, 12.5, 1e300, '', 'x'.repeat(3_000), 'zh_CN', [], {}, [[]], false),
)
const side = fc.record(
  {
    language: junk,
    account: fc.oneof(
      junk,
      fc.record(
        { displayName: junk, kind: junk, followers: junk, verified: junk, ownerRef: junk },
        { requiredKeys: [] },
      ),
    ),
    links: fc.oneof(junk, fc.array(fc.oneof(fc.webUrl(), junk), { maxLength: 60 })),
    media: fc.oneof(
      junk,
      fc.array(
        fc.oneof(
          junk,
          fc.record(
            {
              mediaId: fc.oneof(fc.constant('i-1'), junk),
              kind: fc.oneof(fc.constant('image'), junk),
              sha256: junk,
              pdqQuality: junk,
            },
            { requiredKeys: [] },
          ),
        ),
        { maxLength: 25 },
      ),
    ),
    audience: junk,
    repostOf: junk,
    requested: junk,
  },
  { requiredKeys: [] },
)

/** Some junk says what is refused before the shape is looked at. */
const isShapeOnly = (value: unknown): boolean =>
  !/__proto__|constructor|prototype/.test(JSON.stringify(value))

describe('whatever the side fields are', () => {
  it('a message is accepted, its own parts as they were, the rest right', () => {
    fc.assert(
      fc.property(side.filter(isShapeOnly), (fields) => {
        const { message } = accepted({ ...fields, ...good })
        expect(message).toMatchObject(good)
        const kept = structuredClone({ ...message, links: message.links?.slice(0, 50) ?? [] })
        expect(() => strict(kept)).not.toThrow()
      }),
      { numRuns: RUNS },
    )
  })

  it('what was right stays as it was and is not named', () => {
    const right = {
      ...good,
      language: 'zh',
      account: { displayName: 'a', kind: 'company', followers: 0, verified: false, ownerRef: 'o' },
      links: ['https://a'],
      media: [{ ...image, sha256: SHA, pdq: SHA, pdqQuality: 0 }],
      audience: 0,
      repostOf: 'm-1',
      requested: 'd-1',
      change: 'edited',
    }
    expect(accepted(right)).toEqual({ outcome: 'accepted', message: right })
    const { message, repairs } = accepted({ ...right, audience: -1 })
    expect(message).toEqual({ ...right, audience: undefined })
    expect(repairs).toHaveLength(1)
  })

  it('what is refused without them is refused with them', () => {
    const wrong = fc.constantFrom<object>(
      { messageId: 'no id' },
      { accountId: 7 },
      { visibility: 'friends' },
      { sentAt: 'today' },
      { text: 7 },
      { change: 'moved' },
    )
    fc.assert(
      fc.property(side.filter(isShapeOnly), wrong, (fields, one) => {
        const bytes = Buffer.from(JSON.stringify({ ...fields, ...good, ...one }))
        expect(checkMessage(bytes)).toMatchObject({ outcome: 'rejected', rejection: { slug: 'schema' } })
      }),
      { numRuns: RUNS },
    )
  })

  it('comes to the same once more when it was sent by REST, and to no more bytes', () => {
    fc.assert(
      fc.property(side.filter(isShapeOnly), (fields) => {
        const value = JSON.parse(JSON.stringify({ ...fields, ...good })) as object
        const size = Buffer.byteLength(JSON.stringify(value))
        const checked = checkValue(value)
        if (checked.outcome !== 'accepted') throw new Error(checked.outcome)
        const sent = Buffer.from(JSON.stringify(checked.sent ?? checked.message))
        expect(sent.length).toBeLessThanOrEqual(size)
        const again = accepted(JSON.parse(sent.toString()))
        expect(again.message).toEqual(checked.message)
        expect(again.repairs).toEqual(checked.repairs)
        expect(revisionOf(again.message)).toBe(revisionOf(checked.message))
      }),
      { numRuns: RUNS },
    )
  })
})
