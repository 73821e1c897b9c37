import fc from 'fast-check'
import { expect, it } from 'vitest'
import { WiringError } from '#libs/runtime/wiring'
import { type ClockTask, inOrder } from './clock-tasks.js'

const task = (name: string, order: number): ClockTask => ({ name, order, run: async () => undefined })

it('tasks of the clock are done in their order, wherever they were found', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer()), (orders) => {
      const given = inOrder(orders.map((order) => task(`of ${order}`, order)))
      expect(given.map(({ order }) => order)).toEqual(orders.toSorted((a, b) => a - b))
    }),
  )
})

it('a task without an order, or with the order or the name of another, is refused', () => {
  const given = [task('a', 1), task('b', 2), task('c', 1), task('b', 3), task('d', undefined as never)]
  expect(() => inOrder(given)).toThrow(WiringError)
  expect(() => inOrder(given)).toThrow(
    'a and c both have place 1; two clock tasks are called b; d has no place among what the clock does.',
  )
})
