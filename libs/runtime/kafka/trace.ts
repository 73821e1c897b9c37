import { hash } from 'node:crypto'

/** What W3C Trace Context carries from hop to hop: https://www.w3.org/TR/trace-context/ */
export interface TraceContext {
  /** 32 lower-case hex digits, not all zero. */
  readonly traceId: string
  /** 16 lower-case hex digits, not all zero: the span that sent it. */
  readonly spanId: string
  /** Two hex digits; `01` is sampled. */
  readonly flags: string
}

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/
const NO_TRACE = '0'.repeat(32)
const NO_SPAN = '0'.repeat(16)

/** Reads a `traceparent`; null where there is none or it is invalid (the trace then starts anew, as the standard asks). */
export function parseTraceparent(header: string | undefined): TraceContext | null {
  const match = header === undefined ? null : TRACEPARENT.exec(header)
  if (!match || header!.startsWith('ff')) return null
  const [traceId, spanId, flags] = [match[1]!, match[2]!, match[3]!]
  return traceId === NO_TRACE || spanId === NO_SPAN ? null : { traceId, spanId, flags }
}

/**
 * The `traceparent` of a record that is sent on: the trace it belongs to (a new one where there is none) and a span of its
 * own. Both are derived from the record's id, so that a record published again after a crash is the same to the byte.
 */
export function traceparentFor(id: string, parent: TraceContext | null | undefined): string {
  const digest = hash('sha256', parent ? `${parent.traceId}${parent.spanId}${id}` : id, 'hex')
  const traceId = parent?.traceId ?? digest.slice(0, 32)
  return `00-${traceId}-${digest.slice(32, 48)}-${parent?.flags ?? '01'}`
}
