import type { FastifyInstance } from 'fastify'

/**
 * Answers that are still given while the service stops are the last on their connection. Without this a client's
 * keep-alive would hold the process until it times out.
 */
export function closeConnectionsAtEnd(fastify: FastifyInstance): void {
  let closing = false
  fastify.addHook('preClose', (done) => {
    closing = true
    done()
  })
  fastify.addHook('onSend', (_request, reply, _payload, done) => {
    if (closing) void reply.header('connection', 'close')
    done()
  })
}
