import type { FastifyRequest } from 'fastify'

/** Whether a decision is only to be shown: such an answer is evidence and is not kept under an `Idempotency-Key`. */
export function asksForPreview({ query }: Pick<FastifyRequest, 'query'>): boolean {
  const { dryRun } = query as { dryRun?: unknown }
  return dryRun === 'true' || dryRun === '1'
}
