import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Notice } from '#libs/contracts/notice'
import type { Platform } from '#libs/contracts/platform'
import { Clock } from '#libs/runtime/clock'
import { type PermanentError, RetryableError } from '#libs/runtime/errors'
import type { Batch, InRecord } from '#libs/runtime/kafka/batch'
import { aNotice, aPlatform } from './a-notice.fixture.js'
import { NotificationEnv } from './config.js'
import { DeliveryBench } from './delivery-bench.fixture.js'
import { KeepNotices } from './keep-notices.js'
import type { KnownPlatforms } from './known-platforms.js'

let bench: DeliveryBench
let platforms: Map<string, Platform>
let mayStillCome: boolean
let keepNotices: KeepNotices

beforeEach(async () => {
  bench = await DeliveryBench.start()
  platforms = new Map([['p1', aPlatform()]])
  mayStillCome = false
  const known = {
    ready: Promise.resolve(),
    get: (id: string) => platforms.get(id),
    mayStillCome: () => mayStillCome,
  } as unknown as KnownPlatforms
  const env = new NotificationEnv()
  keepNotices = new KeepNotices(bench.notices, bench.deliveries, bench.webhooks, known, new Clock(), env)
})
afterEach(() => bench.stop())

/** Hands notices over as one batch; gives the slugs of those that were given up. */
async function take(...notices: Notice[]): Promise<[string, string][]> {
  const given: [string, string][] = []
  const batch: Batch<Notice> = {
    topic: 'weir.notices.v1',
    platformId: null,
    records: notices.map((value) => ({ value }) as InRecord<Notice>),
    deadLetter: (record: InRecord<Notice>, error: PermanentError) =>
      given.push([record.value.noticeId, error.slug]),
    heartbeat: () => Promise.resolve(),
  }
  await keepNotices.keep(batch)
  return given
}

const sent = async () =>
  (await bench.all()).map(({ noticeId, channel, address }) => [noticeId, channel, address])
const withContacts = (...emails: string[]) =>
  aPlatform({ contacts: emails.map((email) => ({ name: 'x', email })) })

describe('notices', () => {
  it('become one delivery for each addressee and channel', async () => {
    await bench.webhooks.put('p1', 'https://p1.example/', { sealed: '', until: null })
    expect(await take(aNotice(), aNotice({ noticeId: 'nt_2' }))).toEqual([])
    expect((await sent()).sort()).toEqual([
      ['nt_1', 'email', 'safety@p1.example'],
      ['nt_1', 'webhook', null],
      ['nt_2', 'email', 'safety@p1.example'],
      ['nt_2', 'webhook', null],
    ])
  })

  it('are fixed at first sight: a replay after contacts, webhook and text have changed adds none', async () => {
    await take(aNotice())
    const before = [await bench.all(), await bench.notices.contents(['nt_1'])]
    platforms.set('p1', withContacts('new@p1.example', 'safety@p1.example'))
    await bench.webhooks.put('p1', 'https://p1.example/', { sealed: '', until: null })
    await take(aNotice({ language: 'en' }), aNotice())
    expect([await bench.all(), await bench.notices.contents(['nt_1'])]).toEqual(before)
  })

  it('are told as they were first kept, by whichever instance', async () => {
    const kept = (id: string, second: number) => ({
      _id: id,
      createdAt: new Date(second * 1_000),
      plan: [],
      content: null,
    })
    const [first, second] = [kept('nt_1', 1), kept('nt_1', 2)]
    expect(await bench.notices.keep([first], ['nt_1'])).toEqual([first])
    const told = await bench.notices.keep([second, kept('nt_2', 2)], ['nt_1', 'nt_2', 'nt_1'])
    expect(told.sort((a, b) => a._id.localeCompare(b._id))).toEqual([first, kept('nt_2', 2)])
  })

  it('are replayed without harm when their platform is gone', async () => {
    await take(aNotice())
    platforms.clear()
    expect(await take(aNotice())).toEqual([])
    expect(await sent()).toHaveLength(1)
  })

  it('get the deliveries that a crash left out, as they were planned', async () => {
    platforms.set('p1', withContacts('a@p1.example', 'b@p1.example'))
    const add = bench.deliveries.add.bind(bench.deliveries)
    bench.deliveries.add = () => Promise.reject(new Error('killed'))
    await expect(take(aNotice())).rejects.toThrow('killed')
    bench.deliveries.add = add
    platforms.set('p1', withContacts('c@p1.example'))
    await take(aNotice())
    expect((await sent()).map(([, , address]) => address).sort()).toEqual(['a@p1.example', 'b@p1.example'])
  })

  it('come twice in one batch and count once', async () => {
    await take(aNotice(), aNotice(), aNotice({ data: { other: 1 } }))
    expect(await sent()).toHaveLength(1)
  })

  it('wait for a platform whose record may be on its way, and are given up when it does not come', async () => {
    mayStillCome = true
    const notice = aNotice({ addressee: { kind: 'platform', platformId: 'late' } })
    await expect(take(notice)).rejects.toBeInstanceOf(RetryableError)
    mayStillCome = false
    expect(await take(notice, aNotice({ noticeId: 'nt_2' }))).toEqual([['nt_1', 'unknown-platform']])
    expect((await sent()).map(([noticeId]) => noticeId)).toEqual(['nt_2'])
  })

  it('that name nobody who can be reached are given up', async () => {
    const to = (noticeId: string, addressee: Notice['addressee']) => aNotice({ noticeId, addressee })
    expect(
      await take(
        to('a', { kind: 'platform' }),
        to('b', { kind: 'reporter', reference: 'rep_1' }),
        to('c', { kind: 'operators' }),
        to('d', { kind: 'authority', reference: 'desk@authority.example' }),
      ),
    ).toEqual([
      ['a', 'no-address'],
      ['b', 'no-address'],
      ['c', 'no-address'],
    ])
    expect(await sent()).toEqual([['d', 'email', 'desk@authority.example']])
  })

  it('are kept in a fixed number of round trips, whatever the size of the batch', async () => {
    const tripsFor = async (prefix: string, count: number): Promise<number> => {
      let trips = 0
      const client = bench.connection.getClient()
      const ours = ['find', 'getMore', 'update', 'insert', 'aggregate']
      const counted = ({ commandName }: { commandName: string }) => {
        if (ours.includes(commandName)) trips++
      }
      client.on('commandStarted', counted)
      await take(...Array.from({ length: count }, (_, i) => aNotice({ noticeId: `${prefix}${i}` })))
      client.off('commandStarted', counted)
      return trips
    }
    const one = await tripsFor('one', 1)
    expect(one).toBeGreaterThan(0)
    expect(await tripsFor('many', 200)).toBe(one)
  })
})
