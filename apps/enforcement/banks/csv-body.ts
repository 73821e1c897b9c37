import { applyDecorators, Injectable, type OnModuleInit } from '@nestjs/common'
import { type AbstractHttpAdapter, HttpAdapterHost } from '@nestjs/core'
import { ApiBody, ApiConsumes } from '@nestjs/swagger'
import type { FastifyInstance } from 'fastify'
import { BodyLimit } from '#libs/runtime/http/body-limit'
import { BodyTypes } from '#libs/runtime/http/body-types'
import { badRequest } from '#libs/runtime/http/problem'

const CSV = 'text/csv'
/** Some 20 000 entries of 200 characters. */
const MAX_BYTES = 4 * 1024 * 1024
/** A file as people write it. */
export const EXAMPLE_FILE =
  'id,category,score,terms,act\r\nfraud/fees/release,fraud,0.9,pay the release fee|交解冻费,true\r\n'

/** The route takes a file of comma-separated values (RFC 4180), and nothing else, as the text of its body. */
export function CsvBody(description: string): MethodDecorator {
  return applyDecorators(
    BodyTypes(CSV),
    BodyLimit(MAX_BYTES),
    ApiConsumes(CSV),
    ApiBody({
      description,
      required: true,
      schema: { type: 'string' },
      examples: { file: { value: EXAMPLE_FILE } },
    }),
  )
}

/** Lets requests carry such files, which Fastify knows no parser for. */
@Injectable()
export class CsvBodies implements OnModuleInit {
  private readonly utf8 = new TextDecoder('utf-8', { fatal: true })

  constructor(private readonly host: HttpAdapterHost) {}

  onModuleInit(): void {
    // Where there is no HTTP there is no adapter, whatever its type says.
    const adapter = this.host.httpAdapter as AbstractHttpAdapter | undefined
    adapter
      ?.getInstance<FastifyInstance>()
      .addContentTypeParser(CSV, { parseAs: 'buffer' }, (_request, body, done) => {
        try {
          done(null, this.utf8.decode(body as Buffer))
        } catch {
          done(badRequest('not-utf8', 'The body is not UTF-8.'))
        }
      })
  }
}

/** The text of such a body. @throws Problem 400 where there is none, or it is JSON */
export function csvText(body: unknown): string {
  if (typeof body === 'string' && body.trim() !== '') return body
  throw badRequest('invalid-request', 'The body must be a file of comma-separated values.', [
    { path: '', reason: 'must be text/csv' },
  ])
}
