import { Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import { type Model, type mongo, Schema } from 'mongoose'
import { PermanentError, RetryableError } from '#libs/runtime/errors'
import { chosenFor, reignAt, reignsOf, versionsIn, type Reign } from '#libs/policy/periods'
import type { Policy } from '#libs/policy/policy-document'
import type { Pending } from '../outbox/pending.js'
import { HasOutbox } from '../outbox/has-outbox.js'
import { OutboxCollection } from '../outbox/outbox-collection.js'
import { outboxIndex, type WithOutbox } from '../outbox/with-outbox.js'
import { periodOf, PublicationStore, type PublicationFacts } from './publication.store.js'
import { policyFrom } from './read-policy.js'
import type { PolicyState } from './policy-transitions.js'

/** One version of the policy: the text as it was written, and who approved of it. What was published of it stands elsewhere. */
export interface PolicyDocument extends WithOutbox {
  /** The version. */
  _id: string
  name: string
  text: string
  /** The parsed text, as it travels to classification. */
  document: Record<string, unknown>
  state: Extract<PolicyState, 'draft' | 'approved'>
  createdAt: Date
  createdBy: string
  approvedBy: string | null
  approvedAt: Date | null
  /** Counts changes before publication. */
  changes: number
}

/** A version with all that was published of it, the oldest first; `state` and `changes` count that in. */
export type PublishedPolicy = Omit<PolicyDocument, 'state'> & {
  state: PolicyState
  publications: readonly PublicationFacts[]
}

export const POLICIES = 'Policy'
export const PolicySchema = new Schema<PolicyDocument>(
  { _id: String },
  { collection: 'policies', strict: false, versionKey: false },
)
PolicySchema.index({ createdAt: -1, _id: -1 })
PolicySchema.index(...outboxIndex)

/** How long the history is believed; without an instant of its own a publication takes effect no sooner than twice this. */
const BELIEVED_MS = 1_000

/** Versions of the policy, and which is in force when. A version's text never changes, so it is parsed once. */
@Injectable()
export class PolicyStore {
  @HasOutbox({ order: 835 })
  readonly policies: mongo.Collection<PolicyDocument>
  private readonly outboxes: OutboxCollection<PolicyDocument>
  private readonly parsed = new Map<string, Policy>()
  private history: readonly PublicationFacts[] = []
  private reigns: readonly Reign[] = []
  private readAt = -Infinity

  constructor(
    @InjectModel(POLICIES) model: Model<PolicyDocument>,
    private readonly publications: PublicationStore,
  ) {
    this.policies = model.collection as unknown as mongo.Collection<PolicyDocument>
    this.outboxes = new OutboxCollection(this.policies)
  }

  /** The policies of these versions. @throws PermanentError `unknown-policy` */
  async byVersions(versions: readonly string[]): Promise<Map<string, Policy>> {
    const wanted = [...new Set(versions)]
    await this.read(wanted)
    return new Map(wanted.map((version) => [version, this.known(version)]))
  }

  /** What evidence was under: by entry the policy that judged it, and all that were in force from its receipt to now. */
  async since<T extends { policyVersion: string; receivedAt: Date }>(
    entries: readonly T[],
    now: Date,
  ): Promise<(entry: T) => Policy[]> {
    await this.refresh(now)
    const { reigns } = this
    const versionsOf = ({ policyVersion, receivedAt }: T): string[] => [
      ...new Set([policyVersion, ...versionsIn(reigns, receivedAt.getTime(), now.getTime())]),
    ]
    await this.read([...new Set(entries.flatMap(versionsOf))])
    return (entry) => versionsOf(entry).flatMap((version) => this.parsed.get(version) ?? [])
  }

  /** Reads what was published since, and the texts of what is or comes into force for everybody. */
  async refresh(now: Date): Promise<void> {
    if (Date.now() - this.readAt < BELIEVED_MS && this.history.length > 0) return
    const known = this.history
    const added = await this.publications.after(known.at(-1)?.publication ?? 0)
    const history = added.length > 0 ? [...known, ...added] : known
    const reigns = added.length > 0 ? reignsOf(history.map(periodOf)) : this.reigns
    // Nobody may see a version in force whose text is not there yet.
    const ahead = reigns.filter(({ until }) => until > now.getTime())
    await this.byVersions(ahead.flatMap((reign) => chosenFor(reign, null)?.version ?? []))
    // Another one who read at the same time may know more by now.
    if (history.length >= this.history.length) {
      this.history = history
      this.reigns = reigns
    }
    this.readAt = Date.now()
  }

  /** The policy that persons decide by: the one in force for everybody. @throws RetryableError `no-policy` */
  inForce(now: Date): { policy: Policy; version: string } {
    const version = chosenFor(reignAt(this.reigns, now.getTime()), null)?.version
    if (version === undefined) throw new RetryableError('no-policy', 'No policy is in force.')
    return { policy: this.known(version), version }
  }

  /** The versions that were in force at some instant of a stretch of time, for whichever accounts. */
  inForceDuring(from: Date, to: Date): string[] {
    return versionsIn(this.reigns, from.getTime(), to.getTime())
  }

  async byVersion(version: string): Promise<PublishedPolicy | null> {
    const [found, publications] = await Promise.all([
      this.policies.findOne({ _id: version }),
      this.publications.ofVersions([version]),
    ])
    return found && published(found, publications.get(version) ?? [])
  }

  async list(limit: number, after?: [Date, string]): Promise<PublishedPolicy[]> {
    const older = after
      ? { $or: [{ createdAt: { $lt: after[0] } }, { createdAt: after[0], _id: { $lt: after[1] } }] }
      : {}
    const found = await this.policies
      .find(older, { projection: { document: 0, text: 0, pending: 0 } })
      .sort({ createdAt: -1, _id: -1 })
      .limit(limit + 1)
      .toArray()
    const publications = await this.publications.ofVersions(found.map(({ _id }) => _id))
    return found.map((one) => published(one, publications.get(one._id) ?? []))
  }

  /** Adds a version unless there is one of that name. */
  async add(policy: PolicyDocument): Promise<boolean> {
    return this.outboxes.add(policy)
  }

  /** The draft of an author that says just this; null where none waits. */
  async draftOf(createdBy: string, text: string): Promise<PolicyDocument | null> {
    return this.policies.findOne({ state: 'draft', createdBy, text })
  }

  /** The next version number. */
  async nextVersion(): Promise<string> {
    const versions = await this.policies.find({}, { projection: { _id: 1 } }).toArray()
    return String(Math.max(0, ...versions.map(({ _id }) => Number(_id)).filter(Number.isInteger)) + 1)
  }

  /** Changes a version that nobody changed since. */
  async change(
    before: Pick<PolicyDocument, '_id' | 'changes'>,
    set: Partial<PolicyDocument>,
    pending: readonly Pending[],
  ): Promise<PolicyDocument | null> {
    const { _id, changes } = before
    return this.outboxes.change({ _id, changes }, set, [...pending], { $inc: { changes: 1 } })
  }

  private async read(versions: readonly string[]): Promise<void> {
    const missing = versions.filter((version) => !this.parsed.has(version))
    if (missing.length === 0) return
    for (const found of await this.policies.find({ _id: { $in: missing } }).toArray()) {
      this.parsed.set(found._id, policyFrom(found.text))
    }
  }

  private known(version: string): Policy {
    const policy = this.parsed.get(version)
    if (!policy) throw new PermanentError('unknown-policy', `There is no policy of version ${version}.`)
    return policy
  }
}

function published(found: PolicyDocument, publications: readonly PublicationFacts[]): PublishedPolicy {
  const state = publications.at(-1)?.mode ?? found.state
  return { ...found, state, changes: found.changes + publications.length, publications }
}
