import { Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import { type Model, type mongo, Schema } from 'mongoose'
import type { DirectiveKind } from '#libs/contracts/directive'
import { type LedgerWriteOf, WritesPending } from '../ledger-write.js'
import { definedFields, olderThan } from '../../store/queries.js'
import { insertMissing } from '#libs/runtime/mongo/bulk-write'
import type { StatementOfReasons } from './statement.js'

export interface StatementDocument extends StatementOfReasons {
  _id: string
}

export const STATEMENTS = 'Statement'
export const StatementSchema = new Schema<StatementDocument>(
  { _id: String },
  { collection: 'statements', strict: false, versionKey: false },
)
StatementSchema.index({ issuedAt: -1, _id: -1 })
StatementSchema.index({ platformId: 1, issuedAt: -1, _id: -1 })
StatementSchema.index({ accountId: 1, issuedAt: -1, _id: -1 })

/** Statements of reasons; never changed once issued. */
@Injectable()
export class StatementStore {
  private readonly statements: mongo.Collection<StatementDocument>

  constructor(@InjectModel(STATEMENTS) model: Model<StatementDocument>) {
    this.statements = model.collection as unknown as mongo.Collection<StatementDocument>
  }

  async byId(statementId: string): Promise<StatementDocument | null> {
    return this.statements.findOne({ _id: statementId })
  }

  /** By statement: when it was issued, and until when it said that it can be objected to. */
  async windowsOf(
    statementIds: readonly string[],
  ): Promise<Map<string, { issuedAt: Date; appealUntil: Date }>> {
    const found = await this.statements
      .find({ _id: { $in: [...statementIds] } })
      .project<{ _id: string; issuedAt: Date; appealUntil: Date }>({
        issuedAt: 1,
        appealUntil: '$redress.appealUntil',
      })
      .toArray()
    return new Map(found.map(({ _id, ...window }) => [_id, window]))
  }

  async list(
    filter: { platformId?: string; accountId?: string; kinds?: readonly DirectiveKind[] },
    limit: number,
    after?: [Date, string],
  ): Promise<StatementDocument[]> {
    const { kinds, ...exact } = filter
    const kind = kinds && { kind: { $in: [...kinds] } }
    return this.statements
      .find({ ...definedFields(exact), ...kind, ...olderThan(after, 'issuedAt') })
      .sort({ issuedAt: -1, _id: -1 })
      .limit(limit + 1)
      .toArray()
  }

  @WritesPending('statement')
  async write(writes: readonly LedgerWriteOf<'statement'>[]): Promise<void> {
    const documents = writes.map(({ value: statement }) => ({ _id: statement.statementId, ...statement }))
    await insertMissing(this.statements, documents)
  }
}
