import type { FastifyInstance, FastifyRequest } from 'fastify'
import { addRouteConfig } from './add-route-config.js'
import { Problem } from './problem.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Set by `@BodyTypes`. */
    bodyTypes?: readonly string[]
  }
}

const FORM = 'application/x-www-form-urlencoded'
/** Names of UTF-8, and of what is a part of it. */
const UTF_8 = new Set(['utf-8', 'utf8', 'us-ascii'])
const CHARSET = /;\s*charset\s*=\s*("?)([^";\s]*)\1\s*(?=;|$)/gi
/** What makes no other bytes of a body. */
const PLAIN = new Set(['identity', ''])

/** The route takes bodies of these media types beside JSON. */
export function BodyTypes(...types: string[]): MethodDecorator {
  return addRouteConfig({ bodyTypes: types })
}

/**
 * Answers 415 to a body that would not be read as its sender means it: of a type that some parser knows and this route does
 * not take (parsers belong to the whole service: without this a form, or the YAML of policies, could be sent to every
 * route), of several types, in an encoding (a small body could become an endless one), or in characters other than UTF-8.
 * Pages outside `/v1` take forms.
 */
export function refuseForeignBodies(fastify: FastifyInstance): void {
  fastify.addHook('preParsing', (request, reply, payload, done) => {
    if (!hasBody(request)) return done(null, payload)
    if (isEncoded(request)) {
      void reply.header('accept-encoding', 'identity')
      return done(unsupported('A body is taken as it is only, not compressed or otherwise encoded.'))
    }
    const refusal = refuseType(request)
    if (refusal === undefined) return done(null, payload)
    done(unsupported(refusal))
  })
}

function unsupported(detail: string): Problem {
  return new Problem(415, 'unsupported-media-type', detail)
}

function hasBody({ headers }: FastifyRequest): boolean {
  const { 'content-length': length, 'transfer-encoding': encoding } = headers
  return encoding !== undefined || (length !== undefined && length !== '0')
}

/** By its content's coding, or by the transfer's: Node undoes the chunks and no other. */
function isEncoded({ headers }: FastifyRequest): boolean {
  const codings = (value: string | undefined): string[] =>
    (value ?? '').split(',').map((coding) => coding.trim().toLowerCase())
  const transfer = codings(headers['transfer-encoding'])
  return (
    !codings(headers['content-encoding']).every((coding) => PLAIN.has(coding)) ||
    !transfer.every((coding) => coding === 'chunked' || PLAIN.has(coding))
  )
}

/** Why the type of a body is none that this route takes; undefined where it is, or where it says nothing. */
function refuseType(request: FastifyRequest): string | undefined {
  const named = request.raw.rawHeaders.filter(
    (name, i) => i % 2 === 0 && name.toLowerCase() === 'content-type',
  )
  if (named.length > 1) return 'A body has one type.'
  const given = request.headers['content-type']
  if (given === undefined) return undefined
  if (!takenBy(request).includes(given.split(';')[0]!.trim().toLowerCase()))
    return 'This route does not take a body of this type.'
  const charsets = [...given.matchAll(CHARSET)].map((match) => match[2]!.toLowerCase())
  const understood = charsets.length === (given.match(/charset/gi)?.length ?? 0)
  return understood && charsets.every((name) => UTF_8.has(name))
    ? undefined
    : 'A body is taken in UTF-8 only.'
}

function takenBy({ routeOptions: { config, url } }: FastifyRequest): readonly string[] {
  const others = config.bodyTypes ?? (url?.startsWith('/v1/') ? [] : [FORM])
  return ['application/json', ...others]
}
