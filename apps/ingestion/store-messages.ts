import { Inject, Injectable } from '@nestjs/common'
import { PlatformTopics } from '#libs/contracts/catalogue'
import { derivedId } from '#libs/contracts/ids'
import { revisionOf } from '#libs/contracts/message'
import type { MessageIn } from '#libs/contracts/message-in'
import { Clock } from '#libs/runtime/clock'
import { isRetryable } from '#libs/runtime/errors'
import { unavailable } from '#libs/runtime/http/problem'
import { type OutRecord, Publisher } from '#libs/runtime/kafka/publisher'
import { ENV } from '#libs/runtime/tokens'
import type { AcceptedOutcome } from './check-message.rules.js'
import type { IngestionEnv } from './config.js'

/** Stores messages sent by REST where the platform's own producer would have put them. */
@Injectable()
export class StoreMessages {
  constructor(
    private readonly publisher: Publisher,
    private readonly clock: Clock,
    @Inject(ENV) private readonly env: IngestionEnv,
  ) {}

  /**
   * Resolves when Kafka has all of them. Throws a 503 when it does not say so in time; some may be stored then, and
   * sending them again does no harm.
   */
  async store(platformId: string, messages: readonly AcceptedOutcome[]): Promise<void> {
    if (messages.length === 0) return
    const time = this.clock.now()
    const records = messages.map((message) => toRecord(platformId, message, time))
    try {
      await within(this.env.STORE_TIMEOUT_MS, this.publisher.publish(...records))
    } catch (error) {
      throw isRetryable(error) ? unavailable('The messages could not be stored; send them again.') : error
    }
  }
}

function toRecord(
  platformId: string,
  { message, sent = message }: AcceptedOutcome,
  time: Date,
): OutRecord<MessageIn> {
  const { accountId, messageId } = message
  return {
    topic: PlatformTopics.messages,
    platformId,
    key: accountId,
    id: derivedId('in', platformId, accountId, messageId, revisionOf(message)),
    value: sent,
    time,
  }
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds} ms`)), milliseconds)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
