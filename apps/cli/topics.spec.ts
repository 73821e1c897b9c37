import { expect, it } from 'vitest'
import { wantedTopic } from '#libs/contracts/topic-config'
import { differenceLine } from './topics.js'

it('a difference is one line that says what apply does about it', () => {
  const wanted = wantedTopic(
    'weir.x.v1',
    { partitions: 8, cleanup: 'delete', retentionMs: 1, timestamps: 'CreateTime' },
    3,
  )
  expect(differenceLine({ topic: 'weir.x.v1', what: 'missing', wanted })).toBe(
    '+ weir.x.v1  8 partitions, 3 replicas',
  )
  expect(differenceLine({ topic: 'a', what: 'config', setting: 's', is: '1', wanted: '2' })).toBe(
    '~ a  s: 1 → 2',
  )
  expect(differenceLine({ topic: 'a', what: 'partitions', is: 1, wanted: 2 })).toContain('left alone')
})
