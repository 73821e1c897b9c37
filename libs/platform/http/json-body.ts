import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import { parseKeepingRepeated, repeatedName } from '../json/parse-keeping-repeated.js'
import { addRouteConfig } from './add-route-config.js'
import { badRequest } from './problem.js'

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

/**
 * Bytes of a body as JSON; none at all is `undefined`. Throws a 400 `not-utf8`, `not-json`, or `invalid-request` that names what
 * an object gives twice.
 */
export function parseJsonBody(bytes: Buffer, judgesRepeatedNames = false): unknown {
  if (bytes.length === 0) return undefined
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
      done(null, parseJsonBody(body, request.routeOptions.config.judgesRepeatedNames))
    } catch (error) {
      done(error as Error)
    }
  })
}
