import 'reflect-metadata'
import { readdirSync, readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { plainToInstance } from 'class-transformer'
import { validateSync } from 'class-validator'
import { describe, expect, it } from 'vitest'
import { inspect } from '#libs/runtime/json/inspect'
import { contractCheck } from '#libs/runtime/json/validator'
import { PlatformTopics, Topics } from './catalogue.js'
import { isInstant } from './fields.js'
import type { ContractClass } from './json-schema.js'
import { publishedSchemaOf } from './published-schema.js'

const FOLDER = 'libs/contracts/samples'
const specs = [...Object.values(PlatformTopics), ...Object.values(Topics)]
const sampleOf = (type: string): object =>
  JSON.parse(readFileSync(`${FOLDER}/${type}.json`, 'utf8')) as object

/**
 * One stored record of each kind, with every field that it may have. They are written by hand and stay as they are: a
 * contract that no longer takes them, or no longer keeps what they hold, is another version (`….v2`).
 */
describe('the stored samples', () => {
  it('are one for each kind of event', () => {
    expect(readdirSync(FOLDER).sort()).toEqual(specs.map(({ type }) => `${type}.json`).sort())
  })

  it.each(specs.map((spec) => [spec.type, spec] as const))('%s', (type, spec) => {
    const properties = Object.keys(publishedSchemaOf(spec.event)['properties'] as object)
    expect(Object.keys(sampleOf(type)).sort(), 'holds every field').toEqual(properties.sort())

    const read = sampleOf(type)
    inspect(read)
    const wanted = structuredClone(read)
    contractCheck(spec.event)(read)
    expect(read, 'is kept whole by the compiled check').toEqual(wanted)

    const instance = plainToInstance(spec.event as ContractClass, sampleOf(type))
    expect(validateSync(instance, { whitelist: true })).toEqual([])
    expect(JSON.parse(JSON.stringify(instance)), 'is kept whole by class-validator').toEqual(sampleOf(type))

    const ajv = new Ajv({ formats: { 'date-time': isInstant }, allowUnionTypes: true })
    expect(ajv.validate(publishedSchemaOf(spec.event), sampleOf(type)), ajv.errorsText()).toBe(true)
  })
})
