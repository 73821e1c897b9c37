import { Inject, Injectable } from '@nestjs/common'
import { DeadLetterTopic, platformOfTopic, type ServiceName } from '#libs/contracts/catalogue'
import type { ServiceEnv } from '../env.js'
import type { PermanentError } from '../errors.js'
import { ENV, SERVICE_NAME } from '../tokens.js'
import type { RawRecord } from './batch.js'
import { privacyOf } from '../json/says-private.js'
import { SharedSpending } from '../limits/shared-spending.js'
import { mapInTurns } from '../turns.js'
import { TRUNCATED, WITHHELD } from './dead-letter.js'
import { DeadLetterBudget } from './dead-letter-budget.js'
import { kafkaMetrics } from './kafka-metrics.js'
import { Publisher, type PlainRecord } from './publisher.js'
import { topicLabel } from './topic-names.js'

/** What the topic of dead letters takes: a whole record of an input topic (1 MB), and headers. */
export const DEAD_LETTER_MAX_BYTES = 2 * 1024 * 1024 - 64 * 1024
/** A longer value, which only a compressed batch can hold, is cut off here; the whole stays on its own topic for a while. */
const LONGEST_VALUE = 1_500_000
/** A longer key, or more of headers, is cut off as well: nothing of a record may keep its letter from being stored. */
const LONGEST_KEY = 64 * 1024
const MAX_HEADER_BYTES = 64 * 1024
const LONGEST_PATH = 500
/** What our headers take, about. */
const HEADER_BYTES = 300

/** A record that was given up, and why. */
export interface GivenUp {
  readonly raw: RawRecord
  readonly error: PermanentError
  /** How often handling it was tried. */
  readonly attempts: number
}

/**
 * Keeps records that cannot be handled, with their original bytes, where people can look at them and send them again. Of
 * what platforms send, nothing is kept that says it is private, and no bytes where it only looks so (docs/adr/0120).
 */
@Injectable()
export class DeadLetters {
  private readonly budget: DeadLetterBudget
  private readonly bytesPerMinute: number

  constructor(
    private readonly publisher: Publisher,
    @Inject(SERVICE_NAME) private readonly service: ServiceName,
    @Inject(ENV) env: Pick<ServiceEnv, 'DEAD_LETTER_KIB_PER_MINUTE'>,
    @Inject(SharedSpending) private readonly shared: Pick<SharedSpending, 'share' | 'spent'>,
  ) {
    this.bytesPerMinute = env.DEAD_LETTER_KIB_PER_MINUTE * 1024
    this.budget = new DeadLetterBudget(this.bytesPerMinute, () => shared.share())
    const gauge = kafkaMetrics.heldBack as typeof kafkaMetrics.heldBack & { collect?: () => void }
    gauge.collect = () => this.writeHeldBack()
  }

  /** Resolves when the broker has all of them; only then may their offsets be committed. @throws RetryableError */
  async keep(records: readonly GivenUp[]): Promise<void> {
    const letters = await mapInTurns(records, (record) => toDeadLetter(record, this.service))
    await this.publisher.publishPlain(
      letters.filter((letter) => letter !== null),
      DEAD_LETTER_MAX_BYTES,
    )
    const now = Date.now()
    const spent = new Map<string, number>()
    records.forEach(({ raw, error }, i) => {
      const platform = platformOfTopic(raw.topic)?.platformId
      if (letters[i]) kafkaMetrics.deadLettered.inc({ topic: topicLabel(raw.topic), reason: error.slug })
      else kafkaMetrics.refusedPrivate.inc({ platform: platform! })
      // What was not kept was work all the same.
      if (platform !== undefined) spent.set(platform, (spent.get(platform) ?? 0) + bytesOf(raw))
    })
    for (const [platform, bytes] of spent) {
      this.budget.spend(platform, bytes, now)
      void this.share(platform, bytes)
    }
  }

  /** What other instances keep of a platform is paid for here, too. */
  private async share(platform: string, bytes: number): Promise<void> {
    const owed = await this.shared.spent(platform, bytes, this.bytesPerMinute)
    if (owed !== undefined) this.budget.settle(platform, owed, Date.now())
  }

  /**
   * Lets one batch of this topic be handled, and returns 0; or says in how many milliseconds to ask again, its platform
   * having sent too much rubbish.
   */
  admit(topic: string, now = Date.now()): number {
    const platformId = platformOfTopic(topic)?.platformId
    return platformId === undefined ? 0 : this.budget.admit(platformId, now)
  }

  private writeHeldBack(): void {
    kafkaMetrics.heldBack.reset()
    for (const platform of this.budget.heldBack(Date.now())) kafkaMetrics.heldBack.set({ platform }, 1)
  }
}

function bytesOf({ key, value }: RawRecord): number {
  return (key?.length ?? 0) + Math.min(value?.length ?? 0, LONGEST_VALUE) + HEADER_BYTES
}

/**
 * The original headers stay, ours win; the error's sentence is left out, since it might quote content. Null for a record that
 * says private.
 */
function toDeadLetter({ raw, error, attempts }: GivenUp, service: ServiceName): PlainRecord | null {
  const { key, value } = raw
  const isInput = platformOfTopic(raw.topic) !== undefined
  const privacy = isInput && value !== null ? privacyOf(value) : 'not-private'
  const ours = {
    'weir-reason': error.slug,
    'weir-path': (error.path ?? '').slice(0, LONGEST_PATH),
    'weir-topic': raw.topic,
    'weir-partition': String(raw.partition),
    'weir-offset': raw.offset,
    'weir-attempts': String(attempts),
    'weir-service': service,
  }
  switch (privacy) {
    case 'private':
      return null
    case 'maybe-private': {
      const headers = { ...ours, [TRUNCATED]: String(value!.length), [WITHHELD]: privacy }
      return { topic: DeadLetterTopic.name, key: null, value: null, headers }
    }
    case 'not-private': {
      const headers = firstHeaders(raw.headers)
      const tooLong = headers.cut || (value?.length ?? 0) > LONGEST_VALUE || (key?.length ?? 0) > LONGEST_KEY
      return {
        topic: DeadLetterTopic.name,
        key: key && key.subarray(0, LONGEST_KEY),
        value: value && value.subarray(0, LONGEST_VALUE),
        headers: {
          ...headers.kept,
          ...ours,
          ...(tooLong ? { [TRUNCATED]: String(value?.length ?? 0) } : {}),
        },
      }
    }
  }
}

/** Headers up to so many bytes, in their order, and whether that are not all. */
function firstHeaders(headers: RawRecord['headers']): {
  kept: NonNullable<RawRecord['headers']>
  cut: boolean
} {
  const kept = Object.create(null) as NonNullable<RawRecord['headers']>
  let left = MAX_HEADER_BYTES
  for (const name in headers) {
    const header = headers[name]
    for (const one of Array.isArray(header) ? header : [header]) left -= name.length + 4 + (one?.length ?? 0)
    if (left < 0) return { kept, cut: true }
    kept[name] = header
  }
  return { kept, cut: false }
}
