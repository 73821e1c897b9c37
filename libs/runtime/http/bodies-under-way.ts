import type { FastifyInstance, FastifyRequest } from 'fastify'
import { callerKey, NOBODY } from '../auth/caller.js'
import { DEFAULT_BODY_LIMIT } from './body-limit.js'
import { Problem } from './problem.js'

/** Bodies that one caller may be sending at once, and the bytes that they may come to. */
const MAX_BODIES = 1_000
const MAX_BYTES = 96 * 1024 * 1024

interface UnderWay {
  bodies: number
  bytes: number
}

/**
 * The bodies that callers are sending: known unless a caller is over its share, however slowly they come. `begin` says
 * whether there is room for one more; each that began must `end`.
 */
export class BodiesUnderWay {
  private readonly byCaller = new Map<string, UnderWay>()

  /** One that is larger than the share of bytes by itself is let in alone. */
  begin(caller: string, bytes: number): boolean {
    const { bodies, bytes: before } = this.byCaller.get(caller) ?? { bodies: 0, bytes: 0 }
    if (bodies >= MAX_BODIES || (bodies > 0 && before + bytes > MAX_BYTES)) return false
    this.byCaller.set(caller, { bodies: bodies + 1, bytes: before + bytes })
    return true
  }

  end(caller: string, bytes: number): void {
    const now = this.byCaller.get(caller)
    if (!now) return
    if (now.bodies === 1) this.byCaller.delete(caller)
    else this.byCaller.set(caller, { bodies: now.bodies - 1, bytes: now.bytes - bytes })
  }

  /** Callers that are sending something. */
  get callers(): number {
    return this.byCaller.size
  }
}

/**
 * Answers 429 to a caller who is sending more at once than its share, before more is read: the rate limit counts requests
 * that have arrived. A body counts from its headers on until it has arrived, is refused, or its connection ends.
 */
export function limitBodiesUnderWay(fastify: FastifyInstance, underWay = new BodiesUnderWay()): void {
  fastify.addHook('preParsing', (request, reply, payload, done) => {
    const bytes = bytesOf(request)
    if (bytes === 0) return done(null, payload)
    const caller = request.caller ? callerKey(request.caller) : `${callerKey(NOBODY)} ${request.ip}`
    if (!underWay.begin(caller, bytes)) {
      return done(
        new Problem(429, 'too-many-requests', 'You are sending too much at once; wait a little.', [], 1),
      )
    }
    const end = (): void => {
      payload.off('end', end)
      reply.raw.off('close', end)
      underWay.end(caller, bytes)
    }
    payload.once('end', end)
    reply.raw.once('close', end)
    done(null, payload)
  })
}

/** What the headers say; without a length, the most that the route takes. */
function bytesOf({ headers, routeOptions }: FastifyRequest): number {
  const { 'content-length': length, 'transfer-encoding': encoding } = headers
  if (encoding !== undefined) return routeOptions.bodyLimit ?? DEFAULT_BODY_LIMIT
  return length !== undefined && /^\d+$/.test(length) ? Number(length) : 0
}
