import { Injectable } from '@nestjs/common'
import { randomUUID } from 'node:crypto'
import type { PolicyRecord } from '#libs/contracts/policy-record'
import type { BankKind, WrittenEntry } from '#libs/policy/banks/bank-entries'
import { Clock } from '#libs/runtime/clock'
import { Due } from '#libs/runtime/due'
import { Outbox } from '../outbox/outbox.js'
import { Rounds } from '../store/rounds.js'
import { type BankEntry, published } from './bank-entry.js'
import { BankEntryStore } from './bank-entry.store.js'
import { type BankVersion, BankVersionStore } from './bank-version.store.js'

/** A version takes effect so much later at the earliest, when every instance has read it (see `PublishPolicy`). */
const LEAD_MS = 2_000
/** Versions take effect at most so often: what is made of a bank is made again for each. */
const STEP_MS = 2_000
/** Entries that are read for one version. */
const MAX_ENTRIES = 2_000
/** Bytes of entries in one version: a record of Kafka holds a megabyte. */
const MAX_BYTES = 600_000
/** The id of one that is no more. */
const ID_BYTES = 40

/** Publishes what was changed in banks as versions, each of which says what changed since the one before it. */
@Injectable()
export class PublishBanks {
  constructor(
    private readonly entries: BankEntryStore,
    private readonly versions: BankVersionStore,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** What a crash or an outage left. */
  @Due({ order: 847, name: 'banks' })
  async settle(): Promise<void> {
    for (const bank of await this.entries.banksToPublish()) await this.publish(bank)
  }

  /** Resolves when every entry of a bank stands in a version that services are told of. Says from when on the last one counts. */
  async publish(bank: string): Promise<Date | undefined> {
    let effectiveFrom: Date | undefined
    for (const rounds = new Rounds(`The bank ${bank}`); ;) {
      const last = await this.versions.last(bank)
      if (!last) return undefined
      const some = withinBytes(await this.entries.unpublished(bank, MAX_ENTRIES))
      if (some.length === 0) return effectiveFrom
      // What was cut off is told before what builds on it.
      for (const earlier of await this.versions.undelivered(bank)) await this.deliver(earlier)
      const version = versionOf(last, some, this.clock.now())
      if (!(await this.versions.add(version))) {
        rounds.next()
        continue
      }
      await this.entries.markPublished(some)
      await this.deliver(version)
      effectiveFrom = version.effectiveFrom
    }
  }

  private async deliver(version: BankVersion): Promise<void> {
    await this.outbox.deliver([version], this.versions.versions)
  }
}

/** The next instant at which versions take effect, at least `LEAD_MS` from now. */
export function nextStep(now: Date): Date {
  return new Date(Math.ceil((now.getTime() + LEAD_MS) / STEP_MS) * STEP_MS)
}

function withinBytes<E extends BankEntry>(entries: readonly E[]): E[] {
  let bytes = 0
  // The first one always fits: an entry is bounded by far less.
  return entries.filter((entry, i) => {
    bytes += Buffer.byteLength(JSON.stringify(published(entry))) + ID_BYTES
    return i === 0 || bytes <= MAX_BYTES
  })
}

type Last = Pick<BankVersion, 'name' | 'version' | 'number' | 'effectiveFrom'> & {
  document: { kind: BankKind }
}

/** The version after `last`, which says how these entries stand now. It takes effect no earlier than `last` does. */
export function versionOf(last: Last, entries: readonly BankEntry[], now: Date): BankVersion {
  const changed: WrittenEntry[] = []
  const removed: string[] = []
  for (const entry of entries) {
    const text = published(entry)
    if (text) changed.push(text)
    else removed.push(entry.entryId)
  }
  const number = last.number + 1
  const effectiveFrom = new Date(Math.max(nextStep(now).getTime(), last.effectiveFrom.getTime()))
  return bankVersion(last.name, number, effectiveFrom, now, {
    kind: last.document.kind,
    base: last.version,
    entries: changed,
    removed,
  })
}

/** A version with its record, to be added and delivered. */
export function bankVersion(
  name: string,
  number: number,
  effectiveFrom: Date,
  now: Date,
  document: BankVersion['document'],
): BankVersion {
  const version = String(number)
  const record: PolicyRecord = {
    kind: 'bank',
    name,
    version,
    state: 'live',
    effectiveFrom: effectiveFrom.toISOString(),
    rollout: 100,
    publishedAt: now.toISOString(),
    publication: number,
    document: { ...document },
  }
  return {
    _id: `${name}/${version}`,
    ...{ name, version, number, document, effectiveFrom, publishedAt: now },
    pending: [{ id: randomUUID(), publish: 'policy', value: record }],
    outboxAt: new Date(),
  }
}
