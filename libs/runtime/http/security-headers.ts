import type { FastifyInstance } from 'fastify'
import helmet from 'helmet'

/** Sets the headers of helmet on an answer. Plain HTTP stays possible: TLS ends before us. */
export const protect = helmet({
  contentSecurityPolicy: { directives: { 'upgrade-insecure-requests': null } },
})

/** The headers of helmet on every answer, errors included. */
export function sendSecurityHeaders(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    protect(request.raw, reply.raw, (error) => done(error as Error | undefined))
  })
}
