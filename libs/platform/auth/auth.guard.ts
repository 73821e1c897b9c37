import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common'
import type { FastifyRequest } from 'fastify'
import { forbidden, unauthenticated } from '../http/problem.js'
import type { Logger } from '../logger.js'
import { LOGGER } from '../tokens.js'
import { type Caller, hasRole } from './caller.js'
import { accessOf } from './routes.js'
import { TokenError, TokenVerifier } from './token-verifier.js'

/** RFC 6750, section 2.1. */
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i

/** Lets through who may: 401 for an unknown caller, then 403 for one without a role that the route names. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    private readonly verifier: TokenVerifier,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true
    const request = context.switchToHttp().getRequest<FastifyRequest>()
    const caller = await this.identify(request.headers.authorization)
    if (caller) request.caller = caller
    const access = accessOf(context.getHandler(), context.getClass())
    if (access === 'public') return true
    if (!caller) throw unauthenticated()
    if (!access || !hasRole(caller, ...access)) throw forbidden()
    return true
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
