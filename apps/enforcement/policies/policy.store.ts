import { Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import { type Model, type mongo, Schema } from 'mongoose'
import { PermanentError, RetryableError } from '#libs/platform/errors'
import type { Policy } from '#libs/policy/policy-document'
import { duplicateKey } from '#libs/platform/mongo/bulk-write'
import type { Pending } from '../outbox/pending.js'
import { outboxIndex, type WithOutbox } from '../outbox/with-outbox.js'
import { policyFrom } from './read-policy.js'
import type { PolicyState } from './policy-transitions.js'

/** One version of the policy: the text as it was written, and what became of it. */
export interface PolicyDocument extends WithOutbox {
  /** The version. */
  _id: string
  name: string
  text: string
  /** The parsed text, as it travels to classification. */
  document: Record<string, unknown>
  state: PolicyState
  createdAt: Date
  createdBy: string
  approvedBy: string | null
  approvedAt: Date | null
  publishedBy: string | null
  publishedAt: Date | null
  rollout: number | null
  effectiveFrom: Date | null
  /** Counts changes, for `If-Match`. */
  changes: number
}

export const POLICIES = 'Policy'
export const PolicySchema = new Schema<PolicyDocument>(
  { _id: String },
  { collection: 'policies', strict: false, versionKey: false },
)
PolicySchema.index({ state: 1, effectiveFrom: -1 })
PolicySchema.index({ createdAt: -1, _id: -1 })
PolicySchema.index(...outboxIndex)

/** How long the list of live versions is believed; a version takes effect no sooner than this anyway. */
const BELIEVED_MS = 1_000

interface LiveVersion {
  version: string
  effectiveFrom: Date
  rollout: number
  /** When it was last published: its roll-out is what it is since then. */
  publishedAt: Date | null
}

/** Versions of the policy. A version's text never changes, so it is parsed once. */
@Injectable()
export class PolicyStore {
  readonly policies: mongo.Collection<PolicyDocument>
  private readonly parsed = new Map<string, Policy>()
  private live: LiveVersion[] = []
  private readAt = -Infinity

  constructor(@InjectModel(POLICIES) model: Model<PolicyDocument>) {
    this.policies = model.collection as unknown as mongo.Collection<PolicyDocument>
  }

  /** The policies of these versions. @throws PermanentError `unknown-policy` */
  async byVersions(versions: readonly string[]): Promise<Map<string, Policy>> {
    const wanted = [...new Set(versions)]
    const missing = wanted.filter((version) => !this.parsed.has(version))
    if (missing.length > 0) {
      for (const found of await this.policies.find({ _id: { $in: missing } }).toArray()) {
        this.parsed.set(found._id, policyFrom(found.text))
      }
    }
    return new Map(wanted.map((version) => [version, this.known(version)]))
  }

  /** Reads again which versions are live, and those that it does not know yet. */
  async refresh(now: Date): Promise<void> {
    if (Date.now() - this.readAt < BELIEVED_MS && this.live.length > 0) return
    const found = await this.policies
      .find({ state: { $in: ['live', 'retired'] }, effectiveFrom: { $ne: null } })
      .project<{ _id: string; effectiveFrom: Date; rollout: number; publishedAt?: Date | null }>({
        effectiveFrom: 1,
        rollout: 1,
        publishedAt: 1,
      })
      .sort({ effectiveFrom: -1 })
      .toArray()
    const live = found.map(({ _id, effectiveFrom, rollout, publishedAt = null }) => ({
      version: _id,
      effectiveFrom,
      rollout,
      publishedAt,
    }))
    const current = live.findIndex((version) => isInForce(version, now))
    // Also those that come into force before it is read again; nobody may see a version whose text is not there yet.
    await this.byVersions(live.slice(0, current + 1).map(({ version }) => version))
    this.live = live
    this.readAt = Date.now()
  }

  /** The policy that persons decide by: the latest that is in force for everybody. @throws RetryableError `no-policy` */
  inForce(now: Date): { policy: Policy; version: string } {
    const version = this.inForceVersion(now)
    if (version === undefined) throw new RetryableError('no-policy', 'No policy is in force.')
    return { policy: this.known(version), version }
  }

  /** The versions that were in force at some instant of a stretch of time, for whichever accounts; the latest first. */
  inForceDuring(from: Date, to: Date): string[] {
    const begun = this.live.filter(({ effectiveFrom }) => effectiveFrom <= to)
    const replacing = begun.findIndex(
      ({ rollout, effectiveFrom, publishedAt }) =>
        rollout === 100 && effectiveFrom <= from && (publishedAt === null || publishedAt <= from),
    )
    return (replacing === -1 ? begun : begun.slice(0, replacing + 1)).map(({ version }) => version)
  }

  /** Whether a policy is in force for everybody apart from one version. */
  inForceWithout(without: string, now: Date): boolean {
    return this.inForceVersion(now, without) !== undefined
  }

  async byVersion(version: string): Promise<PolicyDocument | null> {
    return this.policies.findOne({ _id: version })
  }

  async any(): Promise<boolean> {
    return (await this.policies.findOne({}, { projection: { _id: 1 } })) !== null
  }

  async list(limit: number, after?: [Date, string]): Promise<PolicyDocument[]> {
    const older = after
      ? { $or: [{ createdAt: { $lt: after[0] } }, { createdAt: after[0], _id: { $lt: after[1] } }] }
      : {}
    return this.policies
      .find(older, { projection: { document: 0, pending: 0 } })
      .sort({ createdAt: -1, _id: -1 })
      .limit(limit + 1)
      .toArray()
  }

  /** Adds a version unless there is one of that name. */
  async add(policy: PolicyDocument): Promise<boolean> {
    const { _id, ...rest } = policy
    try {
      const { upsertedCount } = await this.policies.updateOne(
        { _id },
        { $setOnInsert: rest },
        { upsert: true },
      )
      return upsertedCount === 1
    } catch (error) {
      if (duplicateKey(error)) return false
      throw error
    }
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
    before: PolicyDocument,
    set: Partial<PolicyDocument>,
    pending: readonly Pending[],
  ): Promise<PolicyDocument | null> {
    this.readAt = -Infinity
    return this.policies.findOneAndUpdate(
      { _id: before._id, changes: before.changes },
      {
        $set: { ...set, outboxAt: new Date() },
        $inc: { changes: 1 },
        $push: { pending: { $each: [...pending] } },
      },
      { returnDocument: 'after' },
    )
  }

  private known(version: string): Policy {
    const policy = this.parsed.get(version)
    if (!policy) throw new PermanentError('unknown-policy', `There is no policy of version ${version}.`)
    return policy
  }

  private inForceVersion(now: Date, without?: string): string | undefined {
    return this.live.find((one) => one.version !== without && isInForce(one, now))?.version
  }
}

/** For everybody. */
function isInForce({ rollout, effectiveFrom }: LiveVersion, now: Date): boolean {
  return rollout === 100 && effectiveFrom <= now
}
