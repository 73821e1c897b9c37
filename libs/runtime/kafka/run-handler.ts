import { isRetryable, PermanentError } from '../errors.js'
import type { Logger } from '../logger.js'
import { Turns } from '../turns.js'
import type { Batch, Decoder, InRecord, RawRecord } from './batch.js'
import type { DeadLetters, GivenUp } from './dead-letters.js'
import { KafkaRecord } from './in-record.js'

/** Where the records of a topic go. */
export interface Route {
  /** As it appears in logs: class and method. */
  readonly name: string
  readonly decode: Decoder<unknown>
  readonly handle: (batch: Batch<unknown>) => Promise<void>
}

/** Records of one partition, and what is needed while they are handled. */
export interface Work {
  readonly topic: string
  readonly platformId: string | null
  readonly partition: number
  readonly records: readonly RawRecord[]
  /** Which attempt this is, from 1. */
  readonly attempt: number
  readonly heartbeat: () => Promise<void>
}

/** How often a record is tried that makes its handler fail with an error of the language, before it is given up. */
const ATTEMPTS_OF_A_BUG = 3

/**
 * Hands records to their handler and keeps those as dead letters that cannot be handled, however they fail; no record
 * suffers from its neighbours. Resolves when each is done or kept.
 * @throws what the handler, or the publisher of dead letters, threw, where trying again may help: nothing may be committed
 */
export async function runHandler(
  route: Route,
  work: Work,
  deadLetters: Pick<DeadLetters, 'keep'>,
  logger: Logger,
): Promise<void> {
  const givenUp: GivenUp[] = []
  await runDecoded(route, work, await decodeAll(route, work, givenUp), givenUp)
  if (givenUp.length === 0) return
  const { topic, partition, attempt } = work
  logger.warn({ topic, partition, attempt, reasons: reasonsOf(givenUp) }, 'records dead-lettered')
  await deadLetters.keep(givenUp)
}

/** Without the paths: they may hold keys that the sender chose. */
function reasonsOf(givenUp: readonly GivenUp[]): { offset: string; reason: string }[] {
  return givenUp.slice(0, 10).map(({ raw, error }) => ({ offset: raw.offset, reason: error.slug }))
}

/** In turns: records can be made to be costly to read, and to be so many. */
async function decodeAll(route: Route, work: Work, givenUp: GivenUp[]): Promise<InRecord<unknown>[]> {
  const good: InRecord<unknown>[] = []
  const turns = new Turns()
  for (const raw of work.records) {
    if (turns.over) await turns.next()
    try {
      good.push(new KafkaRecord(raw, route.decode(raw)))
    } catch (error) {
      if (isRetryable(error)) throw error
      givenUp.push({ raw, error: asPermanent(error), attempts: work.attempt })
    }
  }
  return good
}

/** On a failure that is no outage the records are halved, until those are found that cause it. */
async function runDecoded(
  route: Route,
  work: Work,
  records: readonly InRecord<unknown>[],
  givenUp: GivenUp[],
  attempt = 1,
): Promise<void> {
  if (records.length === 0) return
  const declared = new Map<InRecord<unknown>, PermanentError>()
  try {
    const { topic, platformId, heartbeat } = work
    const deadLetter = (record: InRecord<unknown>, error: PermanentError): void => {
      declared.set(record, error)
    }
    await route.handle({ topic, platformId, records, deadLetter, heartbeat })
  } catch (error) {
    if (isRetryable(error)) throw error
    await work.heartbeat()
    const [only] = records
    if (records.length > 1 || !only) return runHalves(route, work, records, givenUp)
    if (error instanceof PermanentError || attempt >= ATTEMPTS_OF_A_BUG) {
      givenUp.push({ raw: only.raw, error: asPermanent(error), attempts: work.attempt + attempt - 1 })
      return
    }
    return runDecoded(route, work, [decodedAgain(route, only)], givenUp, attempt + 1)
  }
  for (const [{ raw }, error] of declared) givenUp.push({ raw, error, attempts: work.attempt })
}

async function runHalves(
  route: Route,
  work: Work,
  records: readonly InRecord<unknown>[],
  givenUp: GivenUp[],
): Promise<void> {
  const middle = records.length >> 1
  for (const half of [records.slice(0, middle), records.slice(middle)]) {
    const fresh = half.map((record) => decodedAgain(route, record))
    await runDecoded(route, work, fresh, givenUp)
  }
}

/** The handler that failed may have changed the values. */
function decodedAgain(route: Route, { raw }: InRecord<unknown>): InRecord<unknown> {
  return new KafkaRecord(raw, route.decode(raw))
}

/** A bug is named by its kind only: its message might quote content. */
function asPermanent(error: unknown): PermanentError {
  if (error instanceof PermanentError) return error
  const kind = error instanceof Error ? error.name : typeof error
  return new PermanentError('handler-failed', `The handler failed with a ${kind}.`, kind, { cause: error })
}
