import { Injectable, type OnModuleInit } from '@nestjs/common'
import { DiscoveryService } from '@nestjs/core'
import { Clock } from '#libs/runtime/clock'
import { Publisher } from '#libs/runtime/kafka/publisher'
import { declaredMethods, WiringError } from '#libs/runtime/wiring'
import type { PendingRecord } from './pending.js'
import { recordOf } from './publish-pending.js'
import { type Newest, tellsNewestOf } from './tells-newest.js'

/** More changes at the same moment than there ever are. */
const MAX_ROUNDS = 50

type Read = (records: readonly PendingRecord[], now: Date) => Promise<Newest[]>

/**
 * Lets compacted topics end with the newest. A record that somebody was slow to publish can come after one of a later change: who
 * follows the topic passes it over, but compaction keeps the last, and who starts anew would know nothing else.
 */
@Injectable()
export class TellNewest implements OnModuleInit {
  private readonly readers = new Map<PendingRecord['publish'], Read>()

  constructor(
    private readonly publisher: Publisher,
    private readonly discovery: DiscoveryService,
    private readonly clock: Clock,
  ) {}

  /** @throws WiringError where two read how records of one kind stand */
  onModuleInit(): void {
    for (const { name, declared: kind, call } of declaredMethods(this.discovery, tellsNewestOf)) {
      if (this.readers.has(kind))
        throw new WiringError(`${name} is not the only one to tell the newest ${kind}.`)
      this.readers.set(kind, call as Read)
    }
  }

  /** Publishes what the records are about as it stands now, until nothing changes meanwhile. */
  async tell(records: readonly PendingRecord[]): Promise<void> {
    const byKind = [...Map.groupBy(records, ({ publish }) => publish)].filter(([kind]) =>
      this.readers.has(kind),
    )
    if (byKind.length === 0) return
    const told = new Map<string, number>()
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const newest = (await this.read(byKind)).filter(({ key, rev }) => (told.get(key) ?? 0) < rev)
      if (newest.length === 0) return
      await this.publisher.publish(...newest.map(({ record }) => recordOf(record)))
      for (const { key, rev } of newest) told.set(key, rev)
    }
  }

  private async read(byKind: readonly [PendingRecord['publish'], PendingRecord[]][]): Promise<Newest[]> {
    const now = this.clock.now()
    const found = byKind.map(async ([kind, records]) =>
      (await this.readers.get(kind)!(records, now)).map(({ key, ...one }) => ({
        ...one,
        key: `${kind}/${key}`,
      })),
    )
    return (await Promise.all(found)).flat()
  }
}
