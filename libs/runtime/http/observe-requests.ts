import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Histogram, register } from 'prom-client'
import type { Logger } from '../logger.js'

const NAME = 'weir_http_request_duration_seconds'

function durations(): Histogram<'method' | 'route' | 'status'> {
  const known = register.getSingleMetric(NAME) as Histogram<'method' | 'route' | 'status'> | undefined
  return (
    known ??
    new Histogram({
      name: NAME,
      help: 'Duration of an HTTP request in seconds, from its first byte to the end of the response.',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    })
  )
}

/** The pattern, never the path: paths hold account ids and receipt codes. */
function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? 'unknown'
}

const QUIET = /^\/(health|metrics)/

/** Measures and logs each request: route pattern, status, milliseconds and the caller's subject, nothing of its content. */
export function observeRequests(fastify: FastifyInstance, logger: Logger): void {
  const histogram = durations()
  fastify.addHook('onResponse', (request, reply, done) => {
    const route = routeOf(request)
    const status = reply.statusCode
    const seconds = reply.elapsedTime / 1_000
    histogram.observe({ method: request.method, route, status }, seconds)
    const entry = {
      requestId: request.id,
      method: request.method,
      route,
      status,
      ms: Math.round(reply.elapsedTime),
      caller: request.caller?.subject,
    }
    if (QUIET.test(route)) logger.debug(entry, 'request')
    else logger.info(entry, 'request')
    done()
  })
}
