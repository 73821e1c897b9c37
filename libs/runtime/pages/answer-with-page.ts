import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { codePoints } from '#libs/contracts/fields'
import { asProblem } from '../http/problem.js'
import { pageLanguage } from './page-language.js'
import { PAGE_STYLE, type Place } from './public-page.js'

/** The fields of a form or a query. */
export type PageFields = Record<string, unknown>

const STYLE_DIGEST = createHash('sha256').update(PAGE_STYLE).digest('base64')
/** Nothing is loaded, nothing runs, nobody frames it; forms go to us. */
const CONTENT_SECURITY_POLICY = [
  `default-src 'none'`,
  `style-src 'sha256-${STYLE_DIGEST}'`,
  `form-action 'self'`,
  `base-uri 'none'`,
  `frame-ancestors 'none'`,
].join('; ')

/** A field of a form or query; empty where it is absent, given twice, or not a text. Line ends as a form sends them are one. */
export function textOf(fields: PageFields | undefined, name: string, longest: number): string {
  const value = fields && Object.hasOwn(fields, name) ? fields[name] : undefined
  if (typeof value !== 'string') return ''
  const text = value.replaceAll('\r\n', '\n')
  return codePoints(text) <= longest ? text : ''
}

/** To whom a page goes, and how. */
export interface PageAnswer {
  request: FastifyRequest
  query: PageFields
  reply: FastifyReply
  /** What the link to the other language must hold. */
  kept: Readonly<Record<string, string>>
  problemPage: (place: Place, slug: string) => string
}

/** Sends a page, or the page of what is wrong. */
export async function answerWithPage(
  { request, query, reply, kept, problemPage }: PageAnswer,
  make: (place: Place) => Promise<{ status: number; page: string }>,
): Promise<void> {
  const language = pageLanguage(query['lang'], request.headers['accept-language'])
  const elsewhere = `?${new URLSearchParams({ ...kept, lang: language === 'zh' ? 'en' : 'zh' }).toString()}`
  const place = { language, elsewhere }
  const { status, page } = await make(place).catch((error: unknown) => {
    const problem = asProblem(error)
    if (!problem) throw error
    return { status: problem.status, page: problemPage(place, problem.slug) }
  })
  await reply
    .status(status)
    .headers({
      'content-type': 'text/html; charset=utf-8',
      'content-language': language,
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      vary: 'accept-language',
    })
    .send(page)
}
