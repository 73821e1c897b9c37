import {
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  Injectable,
  SetMetadata,
} from '@nestjs/common'
import { ApiHeader } from '@nestjs/swagger'
import type { FastifyRequest } from 'fastify'
import { Problem } from './problem.js'

/** The header's name. */
export const IF_MATCH = 'If-Match'
const HONOURED = 'weir:if-match'
/** RFC 9110, section 8.8.3. */
const TAG = '(?:W/)?"[!#-~\\x80-\\xff]*"'
const TAGS = new RegExp(`^${TAG}(?:[ \\t]*,[ \\t]*${TAG})*$`)
/** A tag that a version of ours can have: a weak one never matches here (RFC 9110, section 13.1.1). */
const OURS = /(?<!W\/)"(\d{1,15})"/g

/** The versions that a caller has seen; the present one must be among them. */
export type ExpectedVersions = ReadonlySet<number>

/**
 * The versions in an `If-Match` header; undefined where there is none or it is `*`. Of what is no list of tags, and of
 * tags that no version of ours can have, none: then nothing matches. A bare number counts as a tag.
 */
export function ifMatchOf(header: string | undefined): ExpectedVersions | undefined {
  const given = header?.trim()
  if (given === undefined || given === '*') return undefined
  if (/^\d{1,15}$/.test(given)) return new Set([Number(given)])
  if (!TAGS.test(given)) return new Set()
  return new Set([...given.matchAll(OURS)].map((match) => Number(match[1])))
}

/** 412: what the caller saw is no longer how it is. */
export function stale(detail = 'It has changed since you read it; read it again.'): Problem {
  return new Problem(412, 'stale', detail)
}

/** Throws a 412 where the caller names versions and the present one is not among them; what has none matches none. */
export function assertFresh(expected: ExpectedVersions | undefined, version: number | undefined): void {
  if (expected !== undefined && (version === undefined || !expected.has(version))) throw stale()
}

/**
 * The same before a change that compares no versions by itself: what is to change is read only where the caller names
 * versions. Throws what `read` throws.
 */
export async function mustBeFresh(
  expected: ExpectedVersions | undefined,
  read: () => Promise<{ readonly version?: number }>,
): Promise<void> {
  if (expected !== undefined) assertFresh(expected, (await read()).version)
}

/** Parameter decorator: marks and documents the route whose handler asks for the header. */
export const documentIfMatch: ParameterDecorator = (target, key) => {
  if (key === undefined) return
  const descriptor = Object.getOwnPropertyDescriptor(target, key)!
  SetMetadata(HONOURED, true)(target, key, descriptor)
  ApiHeader({
    name: IF_MATCH,
    required: false,
    description: 'The `ETag` of what was read, or several: a 412 where it has changed since.',
    schema: { type: 'string', pattern: '^(\\*|"[0-9]{1,15}"(, ?"[0-9]{1,15}")*)$' },
  })(target, key, descriptor)
}

/** Parameter decorator: the versions that `If-Match` names, or undefined. */
export const IfMatch = createParamDecorator(
  (_data: unknown, context: ExecutionContext): ExpectedVersions | undefined =>
    ifMatchOf(context.switchToHttp().getRequest<FastifyRequest>().headers['if-match']),
  [documentIfMatch],
)

/**
 * Answers 412 where a request that would change something says `If-Match` and the route compares no versions: what it
 * names can match nothing there. Without this the condition would be dropped and the change made. `*` asks only that
 * there is something.
 */
@Injectable()
export class IfMatchGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http') return true
    const { method, headers } = context.switchToHttp().getRequest<FastifyRequest>()
    const isRead = method === 'GET' || method === 'HEAD'
    if (isRead || Reflect.getMetadata(HONOURED, context.getHandler()) === true) return true
    if (ifMatchOf(headers['if-match']) !== undefined)
      throw stale('Nothing here has a version that If-Match could name.')
    return true
  }
}
