import { createHash } from 'node:crypto'
import kafkajs from 'kafkajs'
import { setTimeout as sleep } from 'node:timers/promises'
import { inputTopic } from '../faults/oracle.js'
import type { OutgoingRecord } from '../faults/workload.js'
import type { WeirSystem } from '../harness/weir-system.js'
import { shuffled } from './plan-faults.js'

const TICK_MS = 50
/** Of one go; more than falls due in a tick goes out after an outage. Some records are large: a request holds 1 MB. */
const MAX_BATCH_SIZE = 250
/** No fault lasts so long. */
const GIVE_UP_MS = 300_000
/** Records before the present one that may be sent again. */
const REMEMBERED = 5_000

/** What a platform's sender does beside sending each record once and in order. */
export interface Manners {
  /** Share of records that come once more, with some that were sent long before. */
  readonly resent: number
  readonly shuffled: boolean
  /** One of kafkajs' CompressionTypes. */
  readonly compression: number
}
export const GOOD_MANNERS: Manners = { resent: 0, shuffled: false, compression: 0 }

/**
 * Sends records at a fixed rate, whatever becomes of them: what an outage held up follows at once when it is over. A request
 * that fails is sent again until the broker has it, so some records may be there twice; the oracle reads what is there.
 */
export class SteadyLoad {
  manners = GOOD_MANNERS
  /** Records that the broker has acknowledged, repeats included. */
  sent = 0
  private endAt: number | undefined
  private running: Promise<void> | undefined
  private readonly acknowledged = new Set<string>()
  private readonly lately: OutgoingRecord[] = []

  constructor(
    private readonly system: WeirSystem,
    private readonly records: Iterator<OutgoingRecord>,
    private readonly perSecond: number,
    private readonly random: () => number,
    /** Told of each record before it is sent, with the instant at which it was due. */
    private readonly onDue: (record: OutgoingRecord, dueAt: number) => void = () => undefined,
  ) {}

  start(): void {
    this.running = this.run()
    // Told of when it is stopped.
    this.running.catch(() => undefined)
  }

  /** Resolves when everything that was due is with the broker. @throws what has ended the sending before */
  async stop(): Promise<void> {
    this.endAt = Date.now()
    await this.running
  }

  /** How many of what the broker has acknowledged are not among `values`. */
  missingFrom(values: Iterable<Buffer | null>): number {
    const missing = new Set(this.acknowledged)
    for (const value of values) missing.delete(digestOf(value))
    return missing.size
  }

  private async run(): Promise<void> {
    const start = Date.now()
    for (let taken = 0; ;) {
      const elapsed = (this.endAt ?? Date.now()) - start
      const due = Math.floor((elapsed / 1_000) * this.perSecond) - taken
      const chunk = this.take(Math.min(due, MAX_BATCH_SIZE))
      for (const [i, record] of chunk.entries())
        this.onDue(record, start + ((taken + i) * 1_000) / this.perSecond)
      taken += chunk.length
      if (chunk.length > 0) await this.send(chunk)
      if (this.endAt !== undefined && chunk.length === 0) return
      if (due < MAX_BATCH_SIZE) await sleep(TICK_MS)
    }
  }

  private take(count: number): OutgoingRecord[] {
    const chunk: OutgoingRecord[] = []
    while (chunk.length < count) {
      const next = this.records.next()
      if (next.done) break
      chunk.push(next.value)
    }
    return chunk
  }

  private async send(chunk: readonly OutgoingRecord[]): Promise<void> {
    const { resent, shuffled: isShuffled, compression } = this.manners
    this.lately.push(...chunk)
    if (this.lately.length > 2 * REMEMBERED) this.lately.splice(0, this.lately.length - REMEMBERED)
    const again = chunk.flatMap((record) => (this.random() < resent ? [record, this.anEarlier()] : []))
    const all = isShuffled ? shuffled([...chunk, ...again], this.random) : [...chunk, ...again]
    const byPlatform = [...Map.groupBy(all, (one) => one.platformId)]
    await Promise.all(
      byPlatform.map(([platformId, some]) => this.sendUntilThere(platformId, some, compression)),
    )
    for (const { value } of all) this.acknowledged.add(digestOf(value))
    this.sent += all.length
  }

  private anEarlier(): OutgoingRecord {
    return this.lately[Math.floor(this.random() * this.lately.length)]!
  }

  private async sendUntilThere(
    platformId: string,
    records: readonly OutgoingRecord[],
    compression: number,
  ): Promise<void> {
    const giveUpAt = Date.now() + GIVE_UP_MS
    for (;;) {
      try {
        return await this.system.produce(inputTopic(platformId), records, compression)
      } catch (error) {
        if (!(error instanceof kafkajs.KafkaJSError) || Date.now() > giveUpAt) throw error
        await sleep(200)
      }
    }
  }
}

/** Eight bytes tell half a million records apart. */
function digestOf(value: Buffer | null): string {
  return createHash('sha256')
    .update(value ?? '')
    .digest('base64')
    .slice(0, 12)
}
