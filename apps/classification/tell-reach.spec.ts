import { describe, expect, it } from 'vitest'
import type { Message } from '#libs/contracts/message'
import { TellReach } from './tell-reach.js'

const BOUNDS = [100_000, 1_000_000]

function message(followers: number | undefined, over: Partial<Message> = {}): Message {
  return {
    platformId: 'p1',
    accountId: 'a1',
    messageId: 'm1',
    revision: 'r1',
    visibility: 'public',
    sentAt: '2026-11-24T06:00:00Z',
    receivedAt: '2026-11-24T07:00:00.000Z',
    ...(followers === undefined ? {} : { account: { followers } }),
    ...over,
  }
}

/** What comes of messages whose records all reach the broker. */
function told(reach: TellReach, ...messages: Message[]): number[] {
  return messages.flatMap((one) => {
    const record = reach.reachOf(one, BOUNDS)
    if (record) reach.done([record], BOUNDS)
    return record ? [record.value!.followers] : []
  })
}

describe('the reach of an account', () => {
  it('is told from the lowest bound on, and where it is told, once a day and bound', () => {
    const reach = new TellReach()
    const counts = [undefined, 0, 99_999, 100_000, 100_000, 250_000, 1_000_000, 2_000_000, 150_000]
    expect(told(reach, ...counts.map((count) => message(count)))).toEqual([100_000, 1_000_000])
    const tomorrow = { receivedAt: '2026-11-25T00:00:00.000Z' }
    expect(told(reach, message(150_000, tomorrow), message(160_000, tomorrow))).toEqual([150_000])
    expect(told(reach, message(150_000, { accountId: 'a2' }))).toEqual([150_000])
  })

  it('counts in what is deleted, edited or asked for too', () => {
    for (const over of [{ change: 'deleted' }, { change: 'edited' }, { requested: 'dir_1' }] as const) {
      expect(told(new TellReach(), message(150_000, over))).toEqual([150_000])
    }
  })

  it('is told again where the broker did not take it, to the byte', () => {
    const reach = new TellReach()
    const [first, second] = [1, 2].map(() => reach.reachOf(message(150_000), BOUNDS))
    expect(first).toMatchObject({
      key: 'p1/a1',
      value: { platformId: 'p1', accountId: 'a1', followers: 150_000, at: '2026-11-24T07:00:00.000Z' },
    })
    expect(second).toEqual(first)
  })

  it('is told of every count while no policy says which matter', () => {
    expect(new TellReach().reachOf(message(3), [])).not.toBeNull()
  })

  it('needs little memory: what is forgotten is told again', () => {
    const reach = new TellReach()
    for (let i = 0; i < 50_001; i++) told(reach, message(150_000, { accountId: `b${i}` }))
    expect(told(reach, message(150_000, { accountId: 'b1' }))).toEqual([])
    expect(told(reach, message(150_000, { accountId: 'b0' }))).toEqual([150_000])
  })
})
