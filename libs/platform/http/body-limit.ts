import type { FastifyInstance } from 'fastify'
import { addRouteConfig } from './add-route-config.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Set by `@BodyLimit`. */
    bodyLimit?: number
  }
}

/** Bytes that a request body may have where the route says nothing else. */
export const DEFAULT_BODY_LIMIT = 256 * 1024

/** Lets the bodies of one route be larger (a batch of 500 messages: 2 MB). */
export function BodyLimit(bytes: number): MethodDecorator {
  return addRouteConfig({ bodyLimit: bytes })
}

/** Nest passes a route's config on, but not its limit: Fastify is told here. */
export function honourBodyLimits(fastify: FastifyInstance): void {
  fastify.addHook('onRoute', (route) => {
    const limit = route.config?.bodyLimit
    if (limit !== undefined) route.bodyLimit = limit
  })
}
