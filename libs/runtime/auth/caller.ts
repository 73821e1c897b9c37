import { createParamDecorator, type ExecutionContext } from '@nestjs/common'
import type { FastifyRequest } from 'fastify'
import type { Role } from './roles.js'

/** Who asks. `platform` and `authority` are set exactly when the role of that name is held. */
export interface Caller {
  /** The token's `sub`: one person or machine. Empty for a caller without a token. */
  readonly subject: string
  readonly roles: readonly Role[]
  readonly platform?: string
  readonly authority?: string
}

/** A caller without a token. */
export const NOBODY: Caller = Object.freeze({ subject: '', roles: Object.freeze([]) })

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the guard; absent on routes that are public and came without a token. */
    caller?: Caller
    /** Set by the idempotency interceptor. */
    effectId?: string
  }
}

/** The caller behind a request. */
export function callerOf(request: FastifyRequest): Caller {
  return request.caller ?? NOBODY
}

/**
 * What tells a caller from every other: one subject may speak for several platforms or authorities, and what one of them
 * does is not counted against another. Parts are told apart whatever they hold.
 */
export function callerKey({ subject, platform, authority }: Caller): string {
  return JSON.stringify([subject, platform ?? null, authority ?? null])
}

/** Whether the caller holds at least one of the roles. */
export function hasRole(caller: Caller, ...roles: readonly Role[]): boolean {
  return roles.some((role) => caller.roles.includes(role))
}

/**
 * Whether the caller is a platform and nothing else. Somebody who also holds a role of ours is one of us: what is shown to a
 * platform alone is not shown to them, whatever else their token says.
 */
export function isPlatformOnly({ roles }: Caller): boolean {
  return roles.length > 0 && roles.every((role) => role === 'platform')
}

/** Parameter decorator: the `Caller` of this request; `NOBODY` on a public route without a token. */
export const CurrentCaller = createParamDecorator((_data: unknown, context: ExecutionContext): Caller =>
  callerOf(context.switchToHttp().getRequest<FastifyRequest>()),
)
