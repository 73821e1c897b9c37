import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Inject } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { STATUS_CODES } from 'node:http'
import { isOutage as isKafkaOutage } from '../kafka/kafka-outage.js'
import { isOutage } from '../mongo/outage.js'
import { PermanentError, RetryableError } from '../errors.js'
import type { Logger } from '../logger.js'
import { LOGGER } from '../tokens.js'
import { asProblem, badRequest, Problem, unavailable } from './problem.js'

/** The body of a problem (RFC 9457); `type` is the stable slug. */
export interface ProblemBody {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly errors?: Problem['errors']
}

/** Slugs for what Nest and Fastify refuse by themselves. */
const SLUGS: Readonly<Record<number, readonly [slug: string, detail: string]>> = {
  400: ['invalid-request', 'The request is malformed.'],
  401: ['unauthenticated', 'A valid bearer token is needed.'],
  403: ['forbidden', 'Your roles do not allow this.'],
  404: ['not-found', 'There is nothing here.'],
  405: ['method-not-allowed', 'This method is not known here.'],
  408: ['too-slow', 'The request took too long to arrive.'],
  409: ['conflict', 'The present state does not allow this.'],
  412: ['stale', 'It has changed since you read it; read it again.'],
  413: ['too-large', 'The body is larger than this route takes.'],
  414: ['too-long', 'A part of the address is longer than any of ours.'],
  415: ['unsupported-media-type', 'This route does not take a body of this type.'],
  422: ['unprocessable', 'The request cannot be carried out as it stands.'],
  428: ['if-match-needed', 'Say by If-Match what you have seen.'],
  429: ['too-many-requests', 'You are calling too often; wait a little.'],
  431: ['headers-too-large', 'The headers are larger than is taken.'],
}

/** Turns whatever a handler, guard or parser threw into the problem that the caller is told. Never tells what broke. */
export function problemOf(error: unknown): Problem {
  const known = asProblem(error)
  if (known) return known
  if (error instanceof PermanentError) {
    const errors = error.path === null ? [] : [{ path: error.path, reason: error.message }]
    return badRequest(error.slug, error.message, errors)
  }
  if (error instanceof RetryableError || isOutage(error) || isKafkaOutage(error)) return unavailable()
  if (error instanceof HttpException) return ofStatus(error.getStatus())
  if (hasStatus(error)) return ofStatus(error.statusCode)
  return new Problem(500, 'internal', 'Something went wrong on our side.')
}

function ofStatus(status: number): Problem {
  const known = SLUGS[status]
  if (known) return new Problem(status, ...known)
  if (status === 503) return unavailable()
  if (status >= 400 && status < 500) return new Problem(status, 'refused', STATUS_CODES[status] ?? 'Refused.')
  return new Problem(500, 'internal', 'Something went wrong on our side.')
}

/** Errors of Fastify carry the status that they mean; a 5xx of theirs is no outage of ours. */
function hasStatus(error: unknown): error is { statusCode: number } {
  const status = (error as { statusCode?: unknown } | null)?.statusCode
  return typeof status === 'number' && status >= 400 && status < 500
}

/** RFC 9457 for every failure, also for those met before a route was found. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp()
    const problem = problemOf(error)
    if (problem.status >= 500) {
      const route = http.getRequest<FastifyRequest>().routeOptions?.url
      this.logger.error({ err: error, route, slug: problem.slug }, 'request failed')
    }
    sendProblem(http.getResponse<FastifyReply>(), problem)
  }
}

/** Sends a problem, unless something was sent already. */
export function sendProblem(reply: FastifyReply, problem: Problem): void {
  if (reply.sent) return
  if (problem.retryAfter !== undefined) void reply.header('retry-after', String(problem.retryAfter))
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer')
  const body = JSON.stringify(problemBody(problem))
  void reply.status(problem.status).type('application/problem+json').send(body)
}

/** What a problem says, in the words of RFC 9457. */
export function problemBody(problem: Problem): ProblemBody {
  return {
    type: problem.slug,
    title: STATUS_CODES[problem.status] ?? 'Error',
    status: problem.status,
    detail: problem.detail,
    ...(problem.errors.length > 0 ? { errors: problem.errors } : {}),
  }
}
