import type { FastifyReply, FastifyRequest } from 'fastify'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { problemOf, problemBody, sendProblem } from './problem.filter.js'
import { Problem } from './problem.js'
import { protect } from './security-headers.js'

/** Answers what Fastify refuses before it looks for a route: an address that is no URL, a parameter without end. */
export function answerUnrouted(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  protect(request.raw, reply.raw, () => sendProblem(reply, problemOf(error)))
}

/** Answers what is no HTTP at all, or too slow, or has endless headers; the connection ends with it. */
export function answerNoHttp(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const problem = problemOf({ statusCode: statusOf(error.code) })
  const body = JSON.stringify(problemBody(problem))
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

function statusOf(code: string | undefined): Problem['status'] {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 408
  return code === 'HPE_HEADER_OVERFLOW' ? 431 : 400
}
