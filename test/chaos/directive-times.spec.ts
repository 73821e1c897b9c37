import { expect, it } from 'vitest'
import { DirectiveTimes } from './directive-times.js'

const message = (platformId: string, messageId: string) => ({
  platformId,
  key: 'a',
  value: Buffer.from(JSON.stringify({ messageId })),
})
const directive = (platformId: string, seenAt: number, ...messageIds: string[]) => ({
  topic: `weir.out.${platformId}.directives.v1`,
  partition: 0,
  offset: '0',
  key: null,
  headers: {},
  timestamp: 0,
  seenAt,
  value: Buffer.from(JSON.stringify({ messageIds })),
})

it('a message is timed to the first directive that names it, on its platform, unless it was sent again', () => {
  const times = new DirectiveTimes()
  times.sent(message('p1', 'm-1'), 1_000)
  times.sent(message('p2', 'm-1'), 1_500)
  times.sent(message('p1', 'm-2'), 2_000)
  times.sent(message('p1', 'edited'), 3_000)
  times.sent(message('p1', 'edited'), 4_000)
  times.sent({ platformId: 'p1', key: null, value: Buffer.from('{') }, 5_000)
  const seen = [
    directive('p1', 1_250, 'm-1'),
    directive('p1', 9_000, 'm-1', 'm-2', 'edited', 'never sent'),
    directive('p2', 1_600, 'm-1'),
  ]
  expect(times.of(seen)).toEqual([
    { dueAt: 1_000, ms: 250 },
    { dueAt: 2_000, ms: 7_000 },
    { dueAt: 1_500, ms: 100 },
  ])
})
