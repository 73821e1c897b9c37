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

/** The route takes bodies of these media types beside JSON. */
export function BodyTypes(...types: string[]): MethodDecorator {
  return addRouteConfig({ bodyTypes: types })
}

/**
 * Answers 415 to a body of a type that some parser knows and this route does not take. Parsers belong to the whole
 * service: without this a form, or the YAML of policies, could be sent to every route. Pages outside `/v1` take forms.
 */
export function refuseForeignBodies(fastify: FastifyInstance): void {
  fastify.addHook('preParsing', (request, _reply, payload, done) => {
    const type = bodyTypeOf(request)
    if (type === undefined || takenBy(request).includes(type)) return done(null, payload)
    done(new Problem(415, 'unsupported-media-type', 'This route does not take a body of this type.'))
  })
}

/** The media type of a body without its parameters; undefined where there is no body or it says nothing. */
function bodyTypeOf({ headers }: FastifyRequest): string | undefined {
  const { 'content-length': length, 'transfer-encoding': encoding } = headers
  if (encoding === undefined && (length === undefined || length === '0')) return undefined
  return headers['content-type']?.split(';')[0]!.trim().toLowerCase()
}

function takenBy({ routeOptions: { config, url } }: FastifyRequest): readonly string[] {
  const others = config.bodyTypes ?? (url?.startsWith('/v1/') ? [] : [FORM])
  return ['application/json', ...others]
}
