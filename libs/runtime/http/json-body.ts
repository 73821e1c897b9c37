import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import type { FastifyRequest } from 'fastify'
import { excessOf } from '../json/bound-json.js'
import { parseKeepingRepeated, repeatedName } from '../json/parse-keeping-repeated.js'
import { addRouteConfig } from './add-route-config.js'
import { DEFAULT_BODY_VALUES } from './body-limit.js'
import { badRequest, Problem } from './problem.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Set by `@JudgesRepeatedNames`. */
    judgesRepeatedNames?: boolean
  }
}

/**
 * The route takes bodies with objects that give one name twice, and says itself what becomes of them: it gets them as
 * `parseKeepingRepeated` makes them. Every other route answers 400.
 */
export function JudgesRepeatedNames(): MethodDecorator {
  return addRouteConfig({ judgesRepeatedNames: true })
}

const utf8 = new TextDecoder('utf-8', { fatal: true })
/** Levels that are parsed at all: how deep a request may be is for its route to say, and to tell where it is deeper. */
const PARSED_DEPTH = 500
/** Names that one object may give; the largest of ours has 30. */
const MAX_NAMES = 1_000

/** What a route says of the bodies that it takes. */
interface BodyTerms {
  /** Values that the JSON may hold. */
  maxValues?: number | undefined
  judgesRepeatedNames?: boolean | undefined
}

/**
 * Bytes of a body as JSON; none at all is `undefined`. Throws a 400 `not-utf8`, `not-json` or `too-deep`, `invalid-request` that
 * names what an object gives twice, and a 413 `too-large` on more than `maxValues` values, or `MAX_NAMES` names in one object: what it
 * would cost to parse is known before it is parsed.
 */
export function parseJsonBody(
  bytes: Buffer,
  { maxValues = DEFAULT_BODY_VALUES, judgesRepeatedNames = false }: BodyTerms = {},
): unknown {
  if (bytes.length === 0) return undefined
  switch (excessOf(bytes, { maxDepth: PARSED_DEPTH, maxValues, maxNames: MAX_NAMES })) {
    case 'too-deep':
      throw badRequest('too-deep', `The body is nested deeper than ${PARSED_DEPTH} levels.`)
    case 'too-large':
      throw new Problem(
        413,
        'too-large',
        `The body holds more than ${maxValues} values, or ${MAX_NAMES} names in one object.`,
      )
    case undefined:
  }
  const body = parsed(decoded(bytes))
  const path = judgesRepeatedNames ? undefined : repeatedName(body)
  if (path === undefined) return body
  const field = path.slice(0, LONGEST_PATH)
  throw badRequest('invalid-request', `The field ${field} is given twice.`, [
    { path: field, reason: 'is given twice' },
  ])
}

const LONGEST_PATH = 500

function parsed(text: string): unknown {
  try {
    return parseKeepingRepeated(text)
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
      const { bodyValues, judgesRepeatedNames } = (request as unknown as FastifyRequest).routeOptions.config
      done(null, parseJsonBody(body, { maxValues: bodyValues, judgesRepeatedNames }))
    } catch (error) {
      done(error as Error)
    }
  })
}
