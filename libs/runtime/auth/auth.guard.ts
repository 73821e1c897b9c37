import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common'
import type { FastifyRequest } from 'fastify'
import { AdmitCallers } from './admit-callers.js'
import { accessOf } from './routes.js'

/** Lets through who may, by the marks of the handler itself. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(private readonly callers: AdmitCallers) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true
    const request = context.switchToHttp().getRequest<FastifyRequest>()
    await this.callers.admit(request, accessOf(context.getHandler(), context.getClass()))
    return true
  }
}
