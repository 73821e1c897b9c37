import 'reflect-metadata'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { PlatformTopics, platformOfTopic, platformTopicName, Topics } from './catalogue.js'
import { isInstant } from './fields.js'
import { derivedId } from './ids.js'
import { schemaOf } from './json-schema.js'

const specs = [...Object.values(PlatformTopics), ...Object.values(Topics)]

describe('the catalogue', () => {
  it('names each topic and type once', () => {
    expect(new Set(specs.map((spec) => spec.name)).size).toBe(specs.length)
    expect(new Set(specs.map((spec) => spec.type)).size).toBe(specs.length)
  })

  it.each(specs.map((spec) => [spec.name, spec] as const))('%s has a schema that compiles', (_name, spec) => {
    const ajv = new Ajv({
      strict: true,
      strictTypes: false,
      strictRequired: false,
      formats: { 'date-time': isInstant },
    })
    const schema = schemaOf(spec.event, { closed: true })
    expect(Object.keys(schema['properties'] as object).length).toBeGreaterThan(0)
    expect(() => ajv.compile(schema)).not.toThrow()
  })

  it('reads back the platform from the names of its topics, and from no others', () => {
    expect(platformOfTopic(platformTopicName('messages', 'p-1'))).toEqual({
      platformId: 'p-1',
      kind: 'messages',
    })
    expect(platformOfTopic('weir.out.p1.messages.v1')).toBeUndefined()
    expect(platformOfTopic('weir.in.P1.messages.v1')).toBeUndefined()
    expect(() => platformTopicName('messages', 'a.b')).toThrow(RangeError)
  })

  it('derives ids that no other list of parts shares', () => {
    expect(derivedId('x', 'a', 'b')).not.toBe(derivedId('x', 'ab'))
    expect(derivedId('x', '1')).not.toBe(derivedId('x', 1))
    expect(derivedId('x', 'a')).toMatch(/^x_[a-z2-7]{26}$/)
  })
})
