import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Directive } from '#libs/contracts/directive'
import { eventually, jsonOf, type OutsideRecord, WeirSystem } from './harness/weir-system.js'

const HARMFUL = 'You have inherited a fortune: pay the release fee to receive your inheritance of $4,500,000'
const MODERATOR = { roles: ['moderator'] as const }

interface AccountAnswer {
  status: string
  level: number
  points: number
  strikes: { strikeId: string; messageId: string; reversedAt: string | null }[]
}

let system: WeirSystem
let directives: OutsideRecord[]
let deadLetters: OutsideRecord[]

const message = (messageId: string, accountId: string, text: string, changes: object = {}): object => ({
  messageId,
  accountId,
  visibility: 'public',
  sentAt: new Date().toISOString(),
  text,
  account: { displayName: 'Someone', kind: 'individual', followers: 120 },
  ...changes,
})
interface VerdictSeen {
  readonly messageId: string
  readonly inputs: { readonly repairs: readonly { readonly path: string }[] }
  readonly message: { readonly text: string }
}
interface TimelineAt {
  readonly timelineUrl: string
}

const send = (...values: (object | Buffer | null)[]): Promise<void> =>
  system.produce(
    'weir.in.p1.messages.v1',
    values.map((value) => ({ value, key: (value as { accountId?: string } | null)?.accountId ?? null })),
  )
const directivesFor = (accountId: string): Directive[] =>
  directives.map((record) => jsonOf<Directive>(record)).filter((one) => one.accountId === accountId)
const account = (accountId: string) =>
  system.call<AccountAnswer>('enforcement', `/v1/accounts/p1/${accountId}`, { roles: ['moderator'] })

beforeAll(async () => {
  system = await WeirSystem.start()
  expect((await system.register('p1')).status).toBe(201)
  directives = await system.follow('weir.out.p1.directives.v1')
  deadLetters = await system.follow('weir.dead-letters.v1')
})
afterAll(() => system.stop())

describe('a message on its way', () => {
  it('leads, if harmful, to directives, a strike and statements of reasons', async () => {
    await send(message('m-1', 'acc-1', HARMFUL), message('m-2', 'acc-2', 'The library opens at nine.'))
    const removal = await eventually('a removal', () =>
      directivesFor('acc-1').find((one) => one.kind === 'remove_message'),
    )
    await eventually('a warning', () => directivesFor('acc-1').find((one) => one.kind === 'warn_account'))
    expect(removal.messageIds).toEqual(['m-1'])
    const { status, body } = await account('acc-1')
    expect(status).toBe(200)
    expect(body.strikes).toHaveLength(1)
    expect(body.status).toBe('warned')
    const statement = await system.call(
      'enforcement',
      `/v1/statements-of-reasons/${removal.statementOfReasonsId}`,
      { roles: [...MODERATOR.roles, 'auditor'] },
    )
    expect(statement.status).toBe(200)
    expect((await account('acc-2')).status).toBe(404)
  })

  it('earns no second strike when it comes again', async () => {
    const before = directivesFor('acc-1').map((one) => one.directiveId)
    await send(message('m-1', 'acc-1', HARMFUL), message('m-9', 'acc-9', HARMFUL))
    await eventually('what was sent after it', () => directivesFor('acc-9').length >= 2)
    expect(new Set(directivesFor('acc-1').map((one) => one.directiveId))).toEqual(new Set(before))
    expect((await account('acc-1')).body.strikes).toHaveLength(1)
  })

  it('is caught when it is edited into harm, once', async () => {
    await send(message('m-3', 'acc-3', 'A harmless text'))
    await send(message('m-3', 'acc-3', HARMFUL, { change: 'edited' }))
    await eventually('a removal', () => directivesFor('acc-3').find((one) => one.kind === 'remove_message'))
    await send(
      message('m-3', 'acc-3', `${HARMFUL} now!`, { change: 'edited' }),
      message('m-4', 'acc-4', HARMFUL),
    )
    await eventually('what was sent after it', () => directivesFor('acc-4').length >= 2)
    expect((await account('acc-3')).body.strikes).toHaveLength(1)
  })

  it('ends as a dead letter with its bytes when it is malformed, and harms no neighbour', async () => {
    const deep = JSON.parse(`${'{"a":'.repeat(12)}1${'}'.repeat(12)}`) as object
    const bad: [string, Buffer][] = [
      ['not-utf8', Buffer.from([0xff, 0xfe, 0x41])],
      ['not-json', Buffer.from('{"messageId":')],
      ['schema', Buffer.from(JSON.stringify({ ...message('b-1', 'acc-b', 'x'), text: 7 }))],
      ['too-deep', Buffer.from(JSON.stringify({ ...message('b-2', 'acc-b', 'x'), deep }))],
      [
        'too-large',
        Buffer.from(JSON.stringify({ ...message('b-3', 'acc-b', 'x'), pad: 'x'.repeat(300_000) })),
      ],
      ['schema', Buffer.from(JSON.stringify({ messageId: 'b-4', visibility: 'public' }))],
      ['schema', Buffer.from(JSON.stringify(message('not an id', 'acc-b', 'x')))],
      ['not-json', Buffer.alloc(0)],
      ['schema', Buffer.from('[]')],
      [
        'schema',
        Buffer.from(JSON.stringify(message('b-5', 'acc-b', 'x')).replace('{', '{"__proto__":{"a":1},')),
      ],
    ]
    const values = bad.flatMap(([, bytes], i) => [bytes, message(`good-${i}`, `acc-good-${i}`, HARMFUL)])
    await send(...values)
    await eventually('ten dead letters', () => deadLetters.length >= bad.length)
    for (const [slug, bytes] of bad) {
      const kept = deadLetters.find(({ value }) => (value ?? Buffer.alloc(0)).equals(bytes))
      expect(kept?.headers).toMatchObject({ 'weir-reason': slug, 'weir-topic': 'weir.in.p1.messages.v1' })
    }
    for (const i of bad.keys())
      await eventually('its neighbour', () => directivesFor(`acc-good-${i}`).length > 0)
  })

  it('is judged whatever its side fields are, and at whatever place of a long text the harm stands', async () => {
    const wrong = {
      language: 'zh_CN',
      audience: 12.5,
      links: [`https://a.example/${'p'.repeat(2_200)}`, 7],
      media: [{ mediaId: 'i', kind: 'image', sha256: 'none' }],
      account: { displayName: 'x'.repeat(201), followers: -1 },
      repostOf: 'no id',
      requested: '',
    }
    const filler = 'The library opens at nine. '
    await send(
      message('side-1', 'acc-side', HARMFUL, wrong),
      message('side-2', 'acc-long', `${filler.repeat(4_000)}${HARMFUL} ${filler.repeat(4_000)}`),
    )
    for (const accountId of ['acc-side', 'acc-long']) {
      await eventually(`a removal for ${accountId}`, () =>
        directivesFor(accountId).find((one) => one.kind === 'remove_message'),
      )
    }
    const verdicts = await system.follow('weir.verdicts.v1')
    const of = (messageId: string): VerdictSeen | undefined =>
      verdicts.map((record) => jsonOf<VerdictSeen>(record)).find((one) => one.messageId === messageId)
    const long = await eventually('the verdict on the long one', () => of('side-2'))
    expect(long.message.text).toContain(HARMFUL)
    expect(long.message.text.length).toBeLessThanOrEqual(20_000)
    expect(long.inputs.repairs).toEqual([{ path: '/text', what: 'cut' }])
    const side = await eventually('the verdict on the other', () => of('side-1'))
    expect(side.inputs.repairs.map(({ path }) => path).sort()).toEqual(
      [
        '/account/displayName',
        '/account/followers',
        '/audience',
        '/language',
        '/links/0',
        '/links/1',
        '/media/0/sha256',
        '/repostOf',
        '/requested',
      ].sort(),
    )
  })

  it('leads to an account that its path finds, also where its id is dots', async () => {
    await send(message('dot-1', '..', HARMFUL), message('dot-2', '.', HARMFUL))
    for (const [id, written] of [
      ['..', '%252E%252E'],
      ['.', '%252e'],
    ] as const) {
      await eventually('a directive', () => directivesFor(id)[0])
      const found = await account(written)
      expect(found.status).toBe(200)
      expect(found.body).toMatchObject({ accountId: id })
      const timeline = await system.call('enforcement', (found.body as unknown as TimelineAt).timelineUrl, {
        roles: ['moderator'],
      })
      expect(timeline.status).toBe(200)
    }
  })

  it('leaves no trace when it is private', async () => {
    const marker = 'Zq7-private-marker'
    await send(
      message('m-p', 'acc-p', `${HARMFUL} ${marker}`, { visibility: 'private' }),
      message('m-q', 'acc-q', HARMFUL),
    )
    await eventually('what was sent after it', () => directivesFor('acc-q').length > 0)
    const topics = [
      'weir.messages.v1',
      'weir.verdicts.v1',
      'weir.events.v1',
      'weir.notices.v1',
      'weir.dead-letters.v1',
    ]
    const everything = await system.follow(...topics, 'weir.out.p1.directives.v1')
    await eventually('all read', () =>
      everything.some((one) => one.topic === 'weir.events.v1' && one.value?.includes('acc-q')),
    )
    expect(everything.filter(({ value }) => value?.includes(marker))).toEqual([])
    for (const service of Object.values(system.services)) expect(service.output()).not.toContain(marker)
    expect((await account('acc-p')).status).toBe(404)
  })
})
