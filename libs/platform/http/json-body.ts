import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import type { FastifyRequest } from 'fastify'
import { excessOf } from '../json/bound-json.js'
import { DEFAULT_BODY_VALUES } from './body-limit.js'
import { badRequest, Problem } from './problem.js'

const utf8 = new TextDecoder('utf-8', { fatal: true })
/** Levels that are parsed at all: how deep a request may be is for its route to say, and to tell where it is deeper. */
const PARSED_DEPTH = 500

/**
 * Bytes of a body as JSON; none at all is `undefined`. Throws a 400 `not-utf8`, `not-json` or `too-deep`, and a 413
 * `too-large` on more than `maxValues` values: what it would cost to parse is known before it is parsed.
 */
export function parseJsonBody(bytes: Buffer, maxValues = DEFAULT_BODY_VALUES): unknown {
  if (bytes.length === 0) return undefined
  switch (excessOf(bytes, { maxDepth: PARSED_DEPTH, maxValues })) {
    case 'too-deep':
      throw badRequest('too-deep', `The body is nested deeper than ${PARSED_DEPTH} levels.`)
    case 'too-large':
      throw new Problem(413, 'too-large', `The body holds more than ${maxValues} values.`)
    case undefined:
  }
  const text = decoded(bytes)
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw badRequest('not-json', 'The body is not JSON.')
  }
}

function decoded(bytes: Buffer): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw badRequest('not-utf8', 'The body is not UTF-8.')
  }
}

/** Fastify's own parser replaces what is not UTF-8 and refuses an empty body that is declared as JSON. */
export function useJsonBodies(app: NestFastifyApplication, bodyLimit: number): void {
  app.useBodyParser('application/json', { bodyLimit }, (request, body: Buffer, done) => {
    try {
      const { config } = (request as unknown as FastifyRequest).routeOptions
      done(null, parseJsonBody(body, config.bodyValues))
    } catch (error) {
      done(error as Error)
    }
  })
}
