import { Inject, Injectable } from '@nestjs/common'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { forbidden, unauthenticated } from '../http/problem.js'
import type { Logger } from '../logger.js'
import { LOGGER } from '../tokens.js'
import { type Caller, hasRole } from './caller.js'
import { type GuardedRoute, Routes } from './routes.js'
import { TokenError, TokenVerifier } from './token-verifier.js'

/** RFC 6750, section 2.1. */
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i

/** Decides who may call a route: 401 for an unknown caller, then 403 for one without a role that the route names. */
@Injectable()
export class AdmitCallers {
  private access: ReadonlyMap<string, GuardedRoute['access']> | undefined

  constructor(
    private readonly verifier: TokenVerifier,
    private readonly routes: Routes,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Sees to it before a body is read: nobody unknown has us take in and parse what may be megabytes. */
  beforeBodies(fastify: FastifyInstance): void {
    fastify.addHook('onRequest', async (request) => {
      const access = this.accessTo(request)
      if (access !== undefined) await this.admit(request, access)
    })
  }

  /** Notes the caller in the request. Throws a Problem 401 or 403; nothing is let in where nothing is said. */
  async admit(request: FastifyRequest, access: GuardedRoute['access'] | undefined): Promise<void> {
    request.caller ??= await this.identify(request.headers.authorization)
    if (access === 'public') return
    if (!request.caller) throw unauthenticated()
    if (!access || !hasRole(request.caller, ...access)) throw forbidden()
  }

  /** Fastify answers HEAD by the route for GET. */
  private accessTo({ method, routeOptions: { url } }: FastifyRequest): GuardedRoute['access'] | undefined {
    this.access ??= new Map(this.routes.list().map((one) => [`${one.method} ${one.path}`, one.access]))
    return this.access.get(`${method === 'HEAD' ? 'GET' : method} ${url}`)
  }

  private async identify(header: string | undefined): Promise<Caller | undefined> {
    if (header === undefined) return undefined
    const token = BEARER.exec(header)?.[1]
    if (token === undefined) throw unauthenticated()
    try {
      return await this.verifier.callerOf(token)
    } catch (error) {
      if (!(error instanceof TokenError)) throw error
      this.logger.info({ reason: error.message }, 'token refused')
      throw unauthenticated()
    }
  }
}
