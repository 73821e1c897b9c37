import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aNotice, aPlatform } from './a-notice.fixture.js'
import { expandNotice, missingDeliveries, webhookBody } from './expand-notice.rules.js'

const from = 'Weir <weir@weir.example>'
const now = new Date('2026-11-24T07:00:01Z')
const nobody = { hasWebhook: false, operatorsEmail: '' }

describe('a notice to a platform', () => {
  it('becomes one mail for each contact and one webhook', () => {
    const contacts = ['a@p1.example', 'b@p1.example'].map((email) => ({ name: 'x', email }))
    const { deliveries } = expandNotice(
      aNotice(),
      { ...nobody, platform: aPlatform({ contacts }), hasWebhook: true },
      from,
      now,
    )
    expect(deliveries.map(({ channel, address, destination }) => [channel, address, destination])).toEqual([
      ['email', 'a@p1.example', 'smtp'],
      ['email', 'b@p1.example', 'smtp'],
      ['webhook', null, 'webhook/p1'],
    ])
    expect(new Set(deliveries.map(({ _id }) => _id)).size).toBe(3)
  })

  it('goes once to an address that stands there twice', () => {
    const contacts = ['Ops@P1.example', 'Ops@p1.EXAMPLE', 'ops@p1.example'].map((email) => ({
      name: 'x',
      email,
    }))
    const { deliveries } = expandNotice(
      aNotice(),
      { ...nobody, platform: aPlatform({ contacts }) },
      from,
      now,
    )
    expect(deliveries.map(({ address }) => address)).toEqual(['Ops@p1.example', 'ops@p1.example'])
  })

  it('has ids that depend on notice, channel and addressee only', () => {
    const known = { ...nobody, platform: aPlatform(), hasWebhook: true }
    const ids = (notice = aNotice()) =>
      expandNotice(notice, known, from, now).deliveries.map(({ _id }) => _id)
    expect(ids(aNotice({ language: 'en', data: { other: 1 } }))).toEqual(ids())
    expect(ids(aNotice({ noticeId: 'nt_2' }))).not.toEqual(ids())
  })

  it('without an address has failed at once, and says so', () => {
    const { deliveries } = expandNotice(
      aNotice(),
      { ...nobody, platform: aPlatform({ contacts: [] }) },
      from,
      now,
    )
    expect(deliveries).toMatchObject([
      {
        channel: 'none',
        state: 'failed',
        of: 1,
        nextAttemptAt: null,
        reports: [{ state: 'failed', at: now }],
      },
    ])
  })

  it('keeps the content of both channels, since a platform may get the other one later', () => {
    for (const known of [{ ...nobody, hasWebhook: true }, { ...nobody, platform: aPlatform() }, nobody]) {
      const { content } = expandNotice(aNotice(), known, from, now)
      expect([content.mail, content.webhookBody]).not.toContain(null)
    }
  })

  it('goes to the addresses that its platform got since, under the ids that it would have had, and to no other again', () => {
    const none = expandNotice(
      aNotice(),
      { ...nobody, platform: aPlatform({ contacts: [] }) },
      from,
      now,
    ).deliveries
    const known = { ...nobody, platform: aPlatform(), hasWebhook: true }
    const missing = missingDeliveries(none, known, now, new Date('2026-12-24T00:00:00Z'))
    const atOnce = expandNotice(aNotice(), known, from, now).deliveries
    expect(missing.map(({ _id }) => _id)).toEqual(atOnce.map(({ _id }) => _id))
    expect(missing.map((one) => one.of)).toEqual([3, 3])
    expect(missingDeliveries([...none, ...missing], known, now, now)).toEqual([])
  })
})

describe('a notice to others', () => {
  it.each([
    [{ kind: 'authority', reference: 'desk@authority.example' } as const, ['desk@authority.example']],
    [{ kind: 'reporter', reference: 'rep_7f3a' } as const, []],
    [{ kind: 'operators' } as const, ['ops@weir.example']],
    [{ kind: 'operators', reference: 'night@weir.example' } as const, ['night@weir.example']],
  ])('%o', (addressee, expected) => {
    const { deliveries } = expandNotice(
      aNotice({ addressee }),
      { hasWebhook: true, operatorsEmail: 'ops@weir.example' },
      from,
      now,
    )
    const sent = deliveries.filter(({ channel }) => channel !== 'none')
    expect(sent.map(({ address }) => address)).toEqual(expected)
  })
})

describe('the webhook body', () => {
  it('has type, timestamp and data', () => {
    expect(JSON.parse(webhookBody(aNotice({ data: { accountId: 'a' } })))).toEqual({
      type: 'notice.measure_ordered',
      timestamp: '2026-11-24T07:00:00.000Z',
      data: { accountId: 'a', noticeId: 'nt_1', platformId: 'p1' },
    })
  })

  it('keeps its links where it had to be cut', () => {
    const answerUrl = `https://weir.example/answer?token=${'x'.repeat(900)}`
    const body = webhookBody(aNotice({ data: { reasons: { zh: '理'.repeat(9_000) }, answerUrl } }))
    expect(JSON.parse(body)).toMatchObject({ data: { answerUrl, truncated: true } })
  })

  it('stays below 20 kB whatever the data, and still says which notice it is', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30_000, size: 'max' }),
      fc.integer(),
      fc.array(fc.string({ maxLength: 500 }), { maxLength: 100 }),
    )
    fc.assert(
      fc.property(fc.dictionary(fc.string(), value, { maxKeys: 40 }), (data) => {
        const body = webhookBody(aNotice({ data: { ...data, long: '理'.repeat(8_000) } }))
        expect(Buffer.byteLength(body)).toBeLessThan(20_000)
        expect(JSON.parse(body)).toMatchObject({ data: { noticeId: 'nt_1', truncated: true } })
      }),
      { numRuns: 50 },
    )
  })
})
