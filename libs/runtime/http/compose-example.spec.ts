import { describe, expect, it } from 'vitest'
import {
  Example,
  Flag,
  Instant,
  Int,
  Many,
  One,
  OneOf,
  Optional,
  Strings,
  Text,
} from '#libs/contracts/fields'
import type { ContractClass } from '#libs/contracts/json-schema'
import { publishedSchemaOf } from '#libs/contracts/published-schema'
import { addExample, composeExample, type Described } from './compose-example.js'

class Inner {
  @Int(3, 9) count!: number
  @Example('its own') @Text(20) text!: string
}

class Outer {
  @Text(200) accountId!: string
  @Strings(10, 200) messageIds!: string[]
  @OneOf(['first', 'second']) kind!: string
  @OneOf(['none', 'limit']) measure!: string
  @Flag() whole!: boolean
  @Instant() happenedAt!: string
  @One(() => Inner) inner!: Inner
  @Many(() => Inner, 3) several!: Inner[]
  @Optional() @One(() => Inner) perhaps?: Inner
  @Example(null) @Optional() @One(() => Inner) never?: Inner | null
  @Example() @Optional() @Text(200) caseId?: string
  /** A text by its name, but no text here. */
  @Int(0) clause!: number
  /** Nothing is known of it. */
  @Optional() @Text(5) unheardOf?: string
}

function described(type: ContractClass): { schema: object; known: Record<string, Record<string, unknown>> } {
  const text = JSON.stringify(publishedSchemaOf(type)).replaceAll('#/definitions/', '#/components/schemas/')
  const { definitions, ...schema } = JSON.parse(text) as {
    definitions: Record<string, Record<string, unknown>>
  }
  return { schema, known: { ...definitions, [type.name]: schema } }
}

describe('an example', () => {
  it('is composed from what each field says, its name stands for, or its type is', () => {
    const { known } = described(Outer)
    const inner = { count: 3, text: 'its own' }
    expect(composeExample({ $ref: '#/components/schemas/Outer' }, known)).toEqual({
      accountId: 'acc-4711',
      messageIds: ['msg-1001'],
      kind: 'first',
      measure: 'limit',
      whole: false,
      happenedAt: '2026-11-24T08:00:00.000Z',
      inner,
      several: [inner],
      perhaps: inner,
      never: null,
      clause: 0,
    })
  })

  it('is given for each of several forms, and never in the place of one that is there', () => {
    const { known } = described(Outer)
    const refs = ['Inner', 'Outer'].map((name) => ({ $ref: `#/components/schemas/${name}` }))
    const several: Described = { schema: { anyOf: refs } }
    addExample(several, known)
    expect(several.examples).toMatchObject({
      Inner: { value: { count: 3 } },
      Outer: { value: { whole: false } },
    })
    const own: Described = { schema: refs[0]!, example: { count: 4 } }
    addExample(own, known)
    expect(own.example).toEqual({ count: 4 })
  })
})
