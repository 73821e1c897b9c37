import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import { badRequest } from './problem.js'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Bytes of a body as JSON; none at all is `undefined`. Throws a 400 `not-utf8` or `not-json`. */
export function parseJsonBody(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined
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
  app.useBodyParser('application/json', { bodyLimit }, (_request, body: Buffer, done) => {
    try {
      done(null, parseJsonBody(body))
    } catch (error) {
      done(error as Error)
    }
  })
}
