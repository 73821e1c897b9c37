import type { FastifyInstance } from 'fastify'

/** Milliseconds for answers under way when a service stops: a third of the default of `SHUTDOWN_SECONDS`. */
const LAST_ANSWERS_MS = 10_000

/**
 * Answers that are still given while the service stops are the last on their connection. Without this a client's
 * keep-alive would hold the process until it times out. Whoever has not read its answer after `lastAnswersMs` is cut off.
 */
export function closeConnectionsAtEnd(fastify: FastifyInstance, lastAnswersMs = LAST_ANSWERS_MS): void {
  let closing = false
  fastify.addHook('preClose', (done) => {
    closing = true
    setTimeout(() => fastify.server.closeAllConnections(), lastAnswersMs).unref()
    done()
  })
  fastify.addHook('onSend', (_request, reply, _payload, done) => {
    if (closing) void reply.header('connection', 'close')
    done()
  })
}
