import { Injectable } from '@nestjs/common'
import type { mongo } from 'mongoose'
import { entryOf } from '#libs/audit/chain'
import { Publisher } from '#libs/platform/kafka/publisher'
import { StrikeStore } from '../accounts/strike.store.js'
import { CaseEntryStore } from '../cases/case-entry.store.js'
import { AuditLog } from '../audit/audit-log.js'
import { CaseStore } from '../cases/case.store.js'
import { DecisionStore } from '../decisions/decision.store.js'
import { DirectiveStore } from '../directives/directive.store.js'
import { ExonerationStore } from '../exonerations/exoneration.store.js'
import { FindingStore } from '../findings/finding.store.js'
import { SampleDecisions } from '../quality/sample-decisions.js'
import { StatementStore } from '../statements/statement.store.js'
import type { PendingWrite } from './pending.js'
import { recordOf } from './publish-pending.js'
import { TellNewest } from './tell-newest.js'
import type { WithOutbox } from './with-outbox.js'

/** What some ten verdicts leave in the outbox of their account. */
const MOST_SIDE_BY_SIDE = 60

/**
 * Makes real what changes left in their outboxes: writes the documents, enters every event into the audit log, publishes the
 * records, and only then forgets them. Any instance may do it at any time, several at once too: every write is idempotent,
 * every record has its id and bytes fixed.
 */
@Injectable()
export class Outbox {
  constructor(
    private readonly publisher: Publisher,
    private readonly strikes: StrikeStore,
    private readonly decisions: DecisionStore,
    private readonly cases: CaseStore,
    private readonly entries: CaseEntryStore,
    private readonly statements: StatementStore,
    private readonly directives: DirectiveStore,
    private readonly findings: FindingStore,
    private readonly exonerations: ExonerationStore,
    private readonly audit: AuditLog,
    private readonly sampling: SampleDecisions,
    private readonly newest: TellNewest,
  ) {}

  /** Resolves when everything is written, in the audit log, and acknowledged by the broker. */
  async deliver<T extends WithOutbox>(
    holders: readonly Pick<WithOutbox, '_id' | 'pending'>[],
    collection: mongo.Collection<T>,
  ): Promise<void> {
    const pending = holders.flatMap((holder) => holder.pending)
    if (pending.length === 0) return
    const records = pending.filter((entry) => 'publish' in entry)
    const events = records.flatMap((record) => (record.publish === 'event' ? [record.value] : []))
    const steps = [
      ...this.writes(pending.filter((entry) => 'write' in entry)),
      () => this.audit.append(events.map(entryOf)),
    ]
    // Side by side the database makes all durable in one go; but not much of one account, or others wait for all its cores.
    if (holders.length === 1 && pending.length > MOST_SIDE_BY_SIDE) for (const step of steps) await step()
    else await Promise.all(steps.map((step) => step()))
    await this.publisher.publish(...records.map(recordOf))
    const full = holders.filter((holder) => holder.pending.length > 0)
    if ((await forget(full, collection, true)) === full.length) return
    // Somebody else has delivered the same meanwhile, and maybe what came after it: ours may now stand last on the topic.
    await forget(full, collection, false)
    await this.newest.tell(records)
  }

  /** The writes of each collection, not begun. */
  private writes(writes: readonly PendingWrite[]): (() => Promise<void>)[] {
    const of = <K extends PendingWrite['write']>(kind: K): Extract<PendingWrite, { write: K }>[] =>
      writes.filter((entry): entry is Extract<PendingWrite, { write: K }> => entry.write === kind)
    return [
      () => this.strikes.write(newest(of('strike'), (value) => value.strikeId)),
      () => this.decisions.write(newest(of('decision'), (value) => value.decisionId)),
      () => this.statements.write(of('statement').map((entry) => entry.value)),
      () => this.writeCases(of('case')),
      () => this.writeDirectives(of('directive'), of('directive-change')),
      () => this.entries.takeIn(of('entry')),
      () => this.findings.takeIn(of('finding')),
      () => this.exonerations.write(of('exoneration').map((entry) => entry.value)),
      () => this.sampling.sample(of('decision').map((entry) => entry.value)),
    ]
  }

  /** One change of a case after the other, since a later one builds on what an earlier one made; all cases side by side. */
  private async writeCases(changes: readonly Extract<PendingWrite, { write: 'case' }>[]): Promise<void> {
    for (const round of inRounds(changes)) await this.cases.write(round)
  }

  private async writeDirectives(
    orders: readonly Extract<PendingWrite, { write: 'directive' }>[],
    changes: readonly Extract<PendingWrite, { write: 'directive-change' }>[],
  ): Promise<void> {
    await this.directives.write(orders.map((order) => order.value))
    await this.directives.undo(changes.map((change) => change.value))
  }
}

/**
 * Takes what was delivered out of the outboxes; gives of how many. Whoever delivers takes all that lies there, so that where
 * the first entry is gone (`ifWhole`: nothing is taken then) somebody else had it too.
 */
async function forget<T extends WithOutbox>(
  holders: readonly Pick<WithOutbox, '_id' | 'pending'>[],
  collection: mongo.Collection<T>,
  ifWhole: boolean,
): Promise<number> {
  if (holders.length === 0) return 0
  const { matchedCount } = await collection.bulkWrite(
    holders.map(({ _id, pending }) => ({
      updateOne: {
        filter: { _id, ...(ifWhole ? { 'pending.id': pending[0]!.id } : {}) } as unknown as mongo.Filter<T>,
        update: {
          $pull: { pending: { id: { $in: pending.map(({ id }) => id) } } },
        } as unknown as mongo.UpdateFilter<T>,
      },
    })),
    { ordered: false },
  )
  return matchedCount
}

/** Of several versions of one document the newest. */
function newest<T extends { rev: number; value: object }>(
  writes: readonly T[],
  idOf: (value: T['value']) => string,
): T[] {
  const byId = new Map<string, T>()
  for (const write of writes) {
    const known = byId.get(idOf(write.value))
    if (!known || known.rev < write.rev) byId.set(idOf(write.value), write)
  }
  return [...byId.values()]
}

/** The first change of each case, then the second of each, and so on. */
function inRounds<T extends { rev: number; value: { caseId: string } }>(changes: readonly T[]): T[][] {
  const rounds: T[][] = []
  const made = new Map<string, number>()
  for (const change of [...changes].sort((a, b) => a.rev - b.rev)) {
    const round = made.get(change.value.caseId) ?? 0
    made.set(change.value.caseId, round + 1)
    ;(rounds[round] ??= []).push(change)
  }
  return rounds
}
