import { expect, it } from 'vitest'
import { laggingIn } from './tell-services.js'

it('of the metrics of a service, the consumers are told that lag', () => {
  const lag = (topic: string, seconds: number) => `weir_consumer_lag_seconds{topic="${topic}"} ${seconds}`
  const metrics = ['# TYPE weir_consumer_lag_seconds gauge', lag('a', 0), lag('b', 429.1), 'other 7'].join(
    '\n',
  )
  expect(laggingIn(metrics)).toEqual([lag('b', 429.1)])
})
