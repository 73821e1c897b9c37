import { createParamDecorator, type ExecutionContext } from '@nestjs/common'
import { ApiHeader } from '@nestjs/swagger'
import type { FastifyRequest } from 'fastify'
import { Problem } from './problem.js'

/** The header's name. */
export const IF_MATCH = 'If-Match'
const ENTITY_TAG = /^(?:W\/)?"?(\d{1,15})"?$/

/**
 * The version in an `If-Match` header; undefined where there is none or it is `*`. Throws a 412 on a tag that no version
 * of ours can have.
 */
export function ifMatchOf(header: string | undefined): number | undefined {
  if (header === undefined || header.trim() === '*') return undefined
  const match = ENTITY_TAG.exec(header.trim())
  if (!match) throw stale()
  return Number(match[1])
}

/** 412: what the caller saw is no longer how it is. */
export function stale(): Problem {
  return new Problem(412, 'stale', 'It has changed since you read it; read it again.')
}

/** Throws a 412 where the caller names a version that is not the present one. */
export function assertFresh(ifMatch: number | undefined, version: number): void {
  if (ifMatch !== undefined && ifMatch !== version) throw stale()
}

/** Parameter decorator: documents the header on the route whose handler asks for it. */
export const documentIfMatch: ParameterDecorator = (target, key) => {
  if (key === undefined) return
  const descriptor = Object.getOwnPropertyDescriptor(target, key)
  ApiHeader({
    name: IF_MATCH,
    required: false,
    description: 'The `ETag` of what was read: a 412 where it has changed since.',
    schema: { type: 'string', pattern: `^(\\*|${ENTITY_TAG.source.slice(1, -1)})$` },
  })(target, key, descriptor!)
}

/** Parameter decorator: the version that `If-Match` names, or undefined. */
export const IfMatch = createParamDecorator(
  (_data: unknown, context: ExecutionContext): number | undefined =>
    ifMatchOf(context.switchToHttp().getRequest<FastifyRequest>().headers['if-match']),
  [documentIfMatch],
)
