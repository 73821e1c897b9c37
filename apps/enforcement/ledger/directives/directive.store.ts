import { Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import { type Model, type mongo, Schema } from 'mongoose'
import type { Directive } from '#libs/contracts/directive'
import { accountKey } from '#libs/contracts/ids'
import { type LedgerWriteOf, WritesPending } from '../ledger-write.js'
import type { MessageMeasures } from '../account-draft.rules.js'
import { DATED, definedFields, notAmong, olderThan } from '../../store/queries.js'
import { bulkWrite, insertMissing } from '#libs/runtime/mongo/bulk-write'
import type { Pending } from '../../outbox/pending.js'
import { HasOutbox } from '../../outbox/has-outbox.js'
import { OutboxCollection } from '../../outbox/outbox-collection.js'
import { outboxIndex, type WithOutbox } from '../../outbox/with-outbox.js'
import type { DirectiveChange, DirectiveOrder } from './directive-order.js'
import type { ClockAnswer, DirectiveState, KeptReceipt } from './directive-state.rules.js'

/** A directive, what its platform answered, and where it stands. */
export interface DirectiveDocument extends WithOutbox {
  _id: string
  platformId: string
  accountKey: string
  accountId: string
  kind: Directive['kind']
  messageIds: string[]
  directive: Directive
  issuedAt: Date
  receipts: KeptReceipt[]
  answers: ClockAnswer[]
  reversedBy: string | null
  reversedAt: Date | null
  /** Derived from the set of receipts and answers. */
  state: DirectiveState
  overdue: boolean
  /** When a deadline next passes. */
  nextDueAt: Date | null
  ownerNotifiedAt: Date | null
  /** Guards changes by receipts, answers and the clock. */
  version: number
}

export const DIRECTIVES = 'Directive'
export const DirectiveSchema = new Schema<DirectiveDocument>(
  { _id: String },
  { collection: 'directives', strict: false, versionKey: false },
)
DirectiveSchema.index({ accountKey: 1, messageIds: 1 })
DirectiveSchema.index({ accountId: 1, issuedAt: -1, _id: -1 })
DirectiveSchema.index({ issuedAt: -1, _id: -1 })
DirectiveSchema.index({ platformId: 1, issuedAt: -1, _id: -1 })
DirectiveSchema.index({ state: 1, issuedAt: -1, _id: -1 })
for (const [name, key] of [
  ['overdue', { issuedAt: -1, _id: -1 }],
  ['overdue_platform', { platformId: 1, issuedAt: -1, _id: -1 }],
] as const)
  DirectiveSchema.index(key, { name, partialFilterExpression: { overdue: true } })
DirectiveSchema.index({ nextDueAt: 1 }, { partialFilterExpression: { nextDueAt: { $type: 'date' } } })
DirectiveSchema.index(...outboxIndex)

const MEASURE_ORDER = {
  accountKey: 1,
  messageIds: 1,
  issuedAt: 1,
  ownerNotifiedAt: 1,
  statementId: '$directive.statementOfReasonsId',
} as const
export type MeasureOrder = Pick<
  DirectiveDocument,
  '_id' | 'accountKey' | 'messageIds' | 'issuedAt' | 'ownerNotifiedAt'
> & { statementId: string }

@Injectable()
export class DirectiveStore {
  @HasOutbox({ order: 815 })
  readonly directives: mongo.Collection<DirectiveDocument>
  private readonly outboxes: OutboxCollection<DirectiveDocument>

  constructor(@InjectModel(DIRECTIVES) model: Model<DirectiveDocument>) {
    this.directives = model.collection as unknown as mongo.Collection<DirectiveDocument>
    this.outboxes = new OutboxCollection(this.directives)
  }

  async byIds(directiveIds: readonly string[]): Promise<DirectiveDocument[]> {
    return this.directives.find({ _id: { $in: [...directiveIds] } }).toArray()
  }

  /** Measures on any of the messages of accounts, and these ones: what their windows to object follow from. */
  async measuresOn(
    keys: readonly string[],
    messageIds: readonly string[],
    directiveIds: readonly string[],
  ): Promise<MeasureOrder[]> {
    const found = [
      { accountKey: { $in: [...keys] }, messageIds: { $in: [...messageIds] } },
      { _id: { $in: [...directiveIds] } },
    ].map((filter) =>
      this.directives
        .find({ ...filter, 'directive.reverses': null })
        .project<MeasureOrder>(MEASURE_ORDER)
        .toArray(),
    )
    const all = (await Promise.all(found)).flat()
    return [...new Map(all.map((order) => [order._id, order])).values()]
  }

  async byId(directiveId: string): Promise<DirectiveDocument | null> {
    return this.directives.findOne({ _id: directiveId })
  }

  /** What is in force on messages of accounts, by account key. */
  async onMessages(
    keys: readonly string[],
    messageIds: readonly string[],
  ): Promise<Map<string, MessageMeasures[]>> {
    const found = new Map<string, Map<string, MessageMeasures>>()
    if (keys.length === 0 || messageIds.length === 0) return new Map()
    const orders = await this.directives
      .find(
        {
          accountKey: { $in: [...keys] },
          messageIds: { $in: [...messageIds] },
          kind: { $in: ['remove_message', 'label_message'] },
        },
        { projection: { accountKey: 1, kind: 1, messageIds: 1, reversedBy: 1 } },
      )
      .toArray()
    for (const order of orders) {
      const ofAccount = found.get(order.accountKey) ?? new Map<string, MessageMeasures>()
      found.set(order.accountKey, ofAccount)
      for (const messageId of order.messageIds) {
        const fresh = { messageId, removals: 0, removedBy: null, labels: 0, labelledBy: null }
        ofAccount.set(messageId, counted(ofAccount.get(messageId) ?? fresh, order))
      }
    }
    return new Map([...found].map(([key, messages]) => [key, [...messages.values()]]))
  }

  async list(
    filter: {
      state?: string
      platformId?: string
      accountId?: string
      overdue?: boolean
    },
    limit: number,
    after?: [Date, string],
  ): Promise<DirectiveDocument[]> {
    return this.directives
      .find({ ...definedFields(filter), ...olderThan(after, 'issuedAt') } as mongo.Filter<DirectiveDocument>)
      .sort({ issuedAt: -1, _id: -1 })
      .limit(limit + 1)
      .toArray()
  }

  /** Those of an account, newest first. */
  async ofAccount(
    platformId: string,
    accountId: string,
    limit: number,
    after?: [Date, string],
  ): Promise<DirectiveDocument[]> {
    return this.directives
      .find({ accountId, platformId, ...olderThan(after, 'issuedAt') } as mongo.Filter<DirectiveDocument>)
      .sort({ issuedAt: -1, _id: -1 })
      .limit(limit)
      .toArray()
  }

  /** Adds what was ordered, then undoes what was undone: an order may be of the same delivery. */
  @WritesPending('directive', 'directive-change')
  async write(writes: readonly LedgerWriteOf<'directive' | 'directive-change'>[]): Promise<void> {
    await this.add(writes.flatMap((one) => (one.write === 'directive' ? [one.value] : [])))
    await this.undo(writes.flatMap((one) => (one.write === 'directive-change' ? [one.value] : [])))
  }

  private async add(orders: readonly DirectiveOrder[]): Promise<void> {
    const documents = orders.map(({ platformId, directive }) => ({
      _id: directive.directiveId,
      ...documentOf(platformId, directive),
    }))
    await insertMissing(this.directives, documents)
  }

  /** Notes that other directives undid these. What is not done yet is withdrawn. */
  private async undo(changes: readonly DirectiveChange[]): Promise<void> {
    const operations = changes.map(({ directiveId, reversedBy, at }) => ({
      updateOne: {
        filter: { _id: directiveId, reversedBy: null },
        update: [
          {
            $set: {
              reversedBy,
              reversedAt: at,
              state: { $cond: [{ $eq: ['$state', 'done'] }, 'done', 'withdrawn'] },
              overdue: false,
              nextDueAt: null,
              version: { $add: ['$version', 1] },
            },
          },
        ],
      },
    }))
    await bulkWrite(this.directives, operations)
  }

  /** Replaces what receipts, answers and the clock changed, if nobody else did since. Says whether it did. */
  async change(
    before: DirectiveDocument,
    set: Partial<DirectiveDocument>,
    pending: readonly Pending[],
  ): Promise<boolean> {
    const { _id, version } = before
    return this.outboxes.update({ _id, version }, set, [...pending], { $inc: { version: 1 } })
  }

  async due(now: Date, limit: number, except: string[] = []): Promise<DirectiveDocument[]> {
    return this.directives
      .find({ nextDueAt: { $lt: now, ...DATED }, ...notAmong(except) })
      .sort({ nextDueAt: 1 })
      .limit(limit)
      .toArray()
  }
}

function counted(
  message: MessageMeasures,
  order: Pick<DirectiveDocument, '_id' | 'kind' | 'reversedBy'>,
): MessageMeasures {
  const standing = order.reversedBy ? null : order._id
  return order.kind === 'remove_message'
    ? { ...message, removals: message.removals + 1, removedBy: standing ?? message.removedBy }
    : { ...message, labels: message.labels + 1, labelledBy: standing ?? message.labelledBy }
}

function documentOf(platformId: string, directive: Directive): Omit<DirectiveDocument, '_id'> {
  return {
    platformId,
    accountKey: accountKey(platformId, directive.accountId),
    accountId: directive.accountId,
    kind: directive.kind,
    messageIds: directive.messageIds,
    directive,
    issuedAt: new Date(directive.issuedAt),
    receipts: [],
    answers: [],
    reversedBy: null,
    reversedAt: null,
    state: 'issued',
    overdue: false,
    nextDueAt: new Date(Math.min(Date.parse(directive.acknowledgeBy), Date.parse(directive.dueAt))),
    ownerNotifiedAt: null,
    version: 1,
    pending: [],
    outboxAt: null,
  }
}
