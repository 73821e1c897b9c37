import type { FastifyInstance } from 'fastify'
import { addRouteConfig } from './add-route-config.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Set by `@BodyLimit`. */
    bodyLimit?: number
    /** Set by `@BodyLimit`. */
    bodyValues?: number
  }
}

/** Bytes that a request body may have where the route says nothing else. */
export const DEFAULT_BODY_LIMIT = 256 * 1024
/** Values that its JSON may hold: the longest list of ours has a thousand items. */
export const DEFAULT_BODY_VALUES = 10_000

/** Lets the bodies of one route be larger (a batch of 500 messages: 2 MB), and hold so many values. */
export function BodyLimit(bytes: number, values = DEFAULT_BODY_VALUES): MethodDecorator {
  return addRouteConfig({ bodyLimit: bytes, bodyValues: values })
}

/** Nest passes a route's config on, but not its limit: Fastify is told here. */
export function honourBodyLimits(fastify: FastifyInstance): void {
  fastify.addHook('onRoute', (route) => {
    const limit = route.config?.bodyLimit
    if (limit !== undefined) route.bodyLimit = limit
  })
}
