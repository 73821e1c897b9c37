import { expect, it } from 'vitest'
import { Int, One, Text } from './fields.js'
import { schemaOf } from './json-schema.js'

it('does not take two classes of one name for the same, as root or within another', () => {
  const first = (() => {
    class Twice {
      @Text(5) text!: string
    }
    return Twice
  })()
  class Whole {
    @One(() => first) part!: object
  }
  expect(schemaOf(Whole)).toMatchObject({ definitions: { Twice: { required: ['text'] } } })
  class Twice {
    @Int(1) count!: number
  }
  for (const type of [first, Twice, Whole]) {
    expect(() => schemaOf(type)).toThrow('2 contract classes are called Twice')
  }
})
