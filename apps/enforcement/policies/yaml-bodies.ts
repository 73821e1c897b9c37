import { applyDecorators, Injectable, type OnModuleInit } from '@nestjs/common'
import { HttpAdapterHost } from '@nestjs/core'
import { ApiBody, ApiConsumes } from '@nestjs/swagger'
import type { FastifyInstance } from 'fastify'
import { BodyTypes } from '#libs/runtime/http/body-types'
import { inspect } from '#libs/runtime/json/inspect'
import { badRequest } from '#libs/runtime/http/problem'
import { EXAMPLE_POLICY } from './example-policy.js'

const TYPES = ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml', 'text/plain']

/** The route takes YAML beside JSON. */
export function YamlBody(): MethodDecorator {
  const text = {
    description: 'A policy as YAML text, or the same as JSON.',
    schema: { type: 'object', examples: [EXAMPLE_POLICY] },
  }
  return applyDecorators(
    BodyTypes(...TYPES),
    ApiConsumes('application/yaml', 'application/json'),
    ApiBody({ ...text, required: true }),
  )
}

/** Lets requests carry YAML, which Fastify knows no parser for. */
@Injectable()
export class YamlBodies implements OnModuleInit {
  constructor(private readonly host: HttpAdapterHost) {}

  onModuleInit(): void {
    const fastify = this.host.httpAdapter.getInstance<FastifyInstance>()
    for (const type of TYPES) {
      if (fastify.hasContentTypeParser(type)) fastify.removeContentTypeParser(type)
      fastify.addContentTypeParser(type, { parseAs: 'string' }, (_request, body, done) => done(null, body))
    }
  }
}

/** The text of a policy in a body; one sent as JSON is YAML as well. Throws a 400 where there is none, or `too-deep`. */
export function policyText(body: unknown): string {
  if (typeof body === 'string' && body.trim() !== '') return body
  inspect(body)
  if (typeof body === 'object' && body !== null) return JSON.stringify(body, null, 2)
  throw badRequest('invalid-request', 'The body must be the YAML text of a policy.', [
    { path: '', reason: 'must be YAML' },
  ])
}
