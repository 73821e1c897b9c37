import { describe, expect, it } from 'vitest'
import { AnswerContract } from '../harness/answer-contract.js'
import { type ApiDocument, gapsIn, type Operation } from './api-document.js'

const problem = {
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
}
const problems = (...statuses: number[]): Record<string, typeof problem> =>
  Object.fromEntries(statuses.map((status) => [status, problem]))
const thing = { schema: { $ref: '#/components/schemas/Thing' }, example: { name: 'a', at: null } }

/** A complete document of one route that changes a thing. */
function complete(): ApiDocument & { paths: { '/v1/things/{id}': { post: Required<Operation> } } } {
  const post = {
    parameters: [
      { name: 'id', in: 'path' },
      { name: 'Idempotency-Key', in: 'header' },
      { name: 'If-Match', in: 'header' },
    ],
    requestBody: { content: { 'application/json': structuredClone(thing) } },
    responses: {
      200: { content: { 'application/json': structuredClone(thing) } },
      204: {},
      ...problems(400, 401, 403, 404, 409, 412, 413, 415, 422, 429, 503),
    },
  }
  return {
    openapi: '3.1.0',
    paths: { '/v1/things/{id}': { post: post as unknown as Required<Operation> } },
    components: {
      schemas: {
        Problem: { type: 'object' },
        Thing: {
          type: 'object',
          required: ['name'],
          properties: { name: { type: 'string' }, at: { type: ['string', 'null'], format: 'date-time' } },
        },
      },
    },
  }
}

/** The gaps of the complete document after a change. */
const gapsAfter = (change: (operation: Required<Operation>) => void): string[] => {
  const document = complete()
  change(document.paths['/v1/things/{id}'].post)
  return gapsIn(document)
}
const answer = (operation: Required<Operation>) => operation.responses['200']!.content!['application/json']!
const body = (operation: Required<Operation>) => operation.requestBody.content!['application/json']!

describe('the gaps in a document', () => {
  it('are none where it is complete', () => {
    expect(gapsIn(complete())).toEqual([])
  })

  it.each<[string, (operation: Required<Operation>) => void, RegExp]>([
    [
      'no good answer',
      (one) => {
        delete one.responses['200']
        delete one.responses['204']
      },
      /no 2xx answer/,
    ],
    [
      'an answer without a schema',
      (one) => delete one.responses['200']!.content,
      /the 200 answer has no schema/,
    ],
    ['an answer with an empty schema', (one) => (answer(one).schema = {}), /the 200 answer .* has no schema/],
    ['an answer without an example', (one) => delete answer(one).example, /the 200 answer .* has no example/],
    ['a body without an example', (one) => delete body(one).example, /the request body .* has no example/],
    [
      'an example that lacks a field',
      (one) => (answer(one).example = {}),
      /must have required property 'name'/,
    ],
    ['an example of another type', (one) => (body(one).example = { name: 7 }), /\/name must be string/],
    [
      'an example with a field of its own',
      (one) => (body(one).example = { name: '', x: 1 }),
      /additional properties \(x\)/,
    ],
    [
      'an example of a day that is none',
      (one) => (body(one).example = { name: '', at: '2026-02-30T00:00:00Z' }),
      /\/at must match format/,
    ],
    [
      'an error of another form',
      (one) => (one.responses['404'] = { content: { 'application/json': {} } }),
      /404 is no application\/problem\+json/,
    ],
  ])('%s', (_name, change, gap) => {
    const gaps = gapsAfter(change)
    expect(gaps).toHaveLength(1)
    expect(gaps[0]).toMatch(gap)
    expect(gaps[0]).toMatch(/^POST \/v1\/things\/\{id\}: /)
  })

  it.each([400, 401, 403, 404, 409, 412, 413, 415, 422, 429, 503])('no word of %i', (status) => {
    const gaps = gapsAfter((one) => delete one.responses[status])
    // A key has its 409, and so has whatever changes a thing.
    expect(new Set(gaps)).toEqual(new Set([`POST /v1/things/{id}: the error ${status} is not documented`]))
  })
})

describe('an answer', () => {
  const contract = new AnswerContract(complete())
  const given = {
    method: 'POST',
    path: '/v1/things/7?dryRun=true',
    status: 200,
    type: 'application/json; charset=utf-8',
  }

  it('is as documented', () => {
    expect(contract.problems({ ...given, body: { name: 'a' } })).toEqual([])
    expect(contract.problems({ ...given, status: 204, type: '', body: undefined })).toEqual([])
    expect(contract.problems({ ...given, status: 404, type: 'application/problem+json', body: {} })).toEqual(
      [],
    )
    expect(contract.problems({ ...given, path: '/v1/other/7', status: 500, body: {} })).toEqual([])
  })

  it.each<[string, object, RegExp]>([
    ['lacks a field', { body: {} }, /required property 'name'/],
    ['tells what no schema names', { body: { name: 'a', pending: [] } }, /additional properties \(pending\)/],
    ['has an undocumented status', { status: 418, body: {} }, /418 is not documented/],
    ['has an undocumented type', { type: 'text/html', body: '' }, /200 is not documented as text\/html/],
    ['has a body where there is none', { status: 204, body: {} }, /204 is documented without a body/],
  ])('that %s is not', (_name, changes, why) => {
    expect(contract.problems({ ...given, body: {}, ...changes }).join()).toMatch(why)
  })
})
