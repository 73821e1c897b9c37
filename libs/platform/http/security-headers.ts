import type { FastifyInstance } from 'fastify'
import helmet from 'helmet'

/** The headers of helmet on every answer, errors included. Plain HTTP stays possible: TLS ends before us. */
export function sendSecurityHeaders(fastify: FastifyInstance): void {
  const protect = helmet({
    contentSecurityPolicy: { directives: { 'upgrade-insecure-requests': null } },
  })
  fastify.addHook('onRequest', (request, reply, done) => {
    protect(request.raw, reply.raw, (error) => done(error as Error | undefined))
  })
}
