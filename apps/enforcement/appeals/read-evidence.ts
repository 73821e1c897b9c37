import { Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import type { Model, mongo } from 'mongoose'
import { Clock } from '#libs/platform/clock'
import { CASE_ENTRIES } from '../cases/case.store.js'
import { entryView } from '../cases/case-view.js'
import type { CaseEntry } from '../cases/case.js'
import { PolicyStore } from '../policies/policy.store.js'
import type { StatementOfReasons } from '../statements/statement.js'

/** One message that a measure rests on, as its author published it. */
export interface Evidence {
  messageId: string
  sentAt: string
  /** Null for what nobody may see an excerpt of. */
  text: string | null
  links: string[]
}

const MOST_SHOWN = 20

/** The messages behind a statement of reasons, for the account that published them. */
@Injectable()
export class ReadEvidence {
  private readonly entries: mongo.Collection<CaseEntry>

  constructor(
    @InjectModel(CASE_ENTRIES) model: Model<CaseEntry>,
    private readonly policies: PolicyStore,
    private readonly clock: Clock,
  ) {
    this.entries = model.collection as unknown as mongo.Collection<CaseEntry>
  }

  /** Each revision once, the latest first; at most twenty. */
  async behind(statement: StatementOfReasons): Promise<Evidence[]> {
    const { platformId, accountId, facts } = statement
    const judged = await this.find({ _id: { $in: facts.verdictIds.slice(0, 1_000) }, platformId, accountId })
    const messageId = { $in: facts.messageIds.slice(0, 1_000) }
    const found = judged.length > 0 ? judged : await this.find({ platformId, accountId, messageId })
    await this.policies.refresh(this.clock.now())
    const { policy } = this.policies.inForce(this.clock.now())
    const byRevision = new Map(found.map((entry) => [`${entry.messageId} ${entry.revision}`, entry]))
    return [...byRevision.values()].map((entry) => {
      const { sealed } = entryView(entry, policy)
      const { text, links, sentAt } = entry.message
      return {
        messageId: entry.messageId,
        sentAt,
        text: sealed ? null : (text ?? ''),
        links: sealed ? [] : (links ?? []),
      }
    })
  }

  private async find(filter: mongo.Filter<CaseEntry>): Promise<CaseEntry[]> {
    return this.entries.find(filter).sort({ receivedAt: -1 }).limit(MOST_SHOWN).toArray()
  }
}
