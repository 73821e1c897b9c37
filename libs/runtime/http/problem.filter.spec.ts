import 'reflect-metadata'
import { expect, it } from 'vitest'
import { RefusedError } from '../errors.js'
import { problemBody, problemOf } from './problem.filter.js'

it('says what a rule refuses in the terms of HTTP, with its slug, sentence and fields', () => {
  const fields = [{ path: '/until', reason: 'must lie ahead' }]
  const kinds = ['malformed', 'forbidden', 'conflict'] as const
  const told = kinds.map((kind) =>
    problemBody(problemOf(new RefusedError(kind, `no-${kind}`, 'Not so.', fields))),
  )
  expect(told).toEqual([
    { type: 'no-malformed', title: 'Bad Request', status: 400, detail: 'Not so.', errors: fields },
    { type: 'no-forbidden', title: 'Forbidden', status: 403, detail: 'Not so.', errors: fields },
    { type: 'no-conflict', title: 'Conflict', status: 409, detail: 'Not so.', errors: fields },
  ])
})

it('says nothing of the fields where a refusal names none', () => {
  expect(problemBody(problemOf(new RefusedError('conflict', 'taken', 'Somebody has it.')))).toEqual({
    type: 'taken',
    title: 'Conflict',
    status: 409,
    detail: 'Somebody has it.',
  })
})
