import { Inject, Injectable } from '@nestjs/common'
import { InjectModel, Prop, Schema, SchemaFactory } from '@nestjs/mongoose'
import type { Model } from 'mongoose'
import { randomUUID } from 'node:crypto'
import type { ServiceEnv } from '../env.js'
import { duplicateKey } from '../mongo/bulk-write.js'
import { ENV } from '../tokens.js'

/** An answer may show evidence: it is kept for as long as a client may try again, and no longer (SPEC promise 14). */
const KEPT_MS = 24 * 3_600_000

/** What was answered to a request under an idempotency key, or that it still runs. */
@Schema({ collection: 'idempotency', versionKey: false })
export class Answer {
  @Prop({ type: String, required: true })
  _id!: string

  @Prop({ type: String, required: true })
  digest!: string

  /** Who runs it now; absent once it is answered. */
  @Prop({ type: String })
  lease?: string

  @Prop({ type: Date })
  leaseEndsAt?: Date

  @Prop({ type: Number })
  status?: number

  /** The answer as JSON text, so that a replay gives the same bytes. */
  @Prop({ type: String })
  body?: string

  @Prop({ type: Date, required: true, expires: 0 })
  expiresAt!: Date
}

export const AnswerSchema = SchemaFactory.createForClass(Answer)

export type Claim =
  | { readonly kind: 'claimed'; readonly lease: string }
  | { readonly kind: 'running' }
  | { readonly kind: 'reused' }
  | { readonly kind: 'answered'; readonly status: number; readonly body: unknown }

/** Remembers answers by request id. Its times are those of the machine: leases and expiry follow no test clock. */
@Injectable()
export class AnswerStore {
  constructor(
    @InjectModel(Answer.name) private readonly answers: Model<Answer>,
    @Inject(ENV) private readonly env: Pick<ServiceEnv, 'IDEMPOTENCY_LEASE_MS'>,
  ) {}

  /** Takes the request for this caller, or says what became of it. Of claims at the same time one is `claimed`. */
  async claim(id: string, digest: string): Promise<Claim> {
    const lease = randomUUID()
    const now = new Date()
    // A request that has not answered by then is taken for dead, and a retry runs again.
    const mine = { lease, leaseEndsAt: new Date(now.getTime() + this.env.IDEMPOTENCY_LEASE_MS) }
    const free = { _id: id, digest, status: { $exists: false }, leaseEndsAt: { $lte: now } }
    try {
      // Inserts where there is none; takes over where the lease ran out; meets the unique _id in every other case.
      await this.answers.updateOne(
        free,
        { $set: mine, $setOnInsert: { expiresAt: new Date(now.getTime() + KEPT_MS) } },
        { upsert: true },
      )
      return { kind: 'claimed', lease }
    } catch (error) {
      if (!duplicateKey(error)) throw error
    }
    const found = await this.answers.findById(id).lean()
    if (!found) return { kind: 'running' }
    if (found.digest !== digest) return { kind: 'reused' }
    if (found.status === undefined) return { kind: 'running' }
    return {
      kind: 'answered',
      status: found.status,
      body: found.body === undefined ? undefined : (JSON.parse(found.body) as unknown),
    }
  }

  /** Keeps the answer, where the claim is still this one. */
  async keep(id: string, lease: string, status: number, body: unknown): Promise<void> {
    const text = body === undefined ? undefined : JSON.stringify(body)
    await this.answers.updateOne(
      { _id: id, lease },
      {
        $set: { status, ...(text === undefined ? {} : { body: text }) },
        $unset: { lease: '', leaseEndsAt: '' },
      },
    )
  }

  /** Forgets all whose time is over at an instant; the index does it by the machine's clock. */
  async forgetUntil(now: Date): Promise<void> {
    await this.answers.deleteMany({ expiresAt: { $lte: now } })
  }

  /** Forgets the request, which had no effect. */
  async release(id: string, lease: string): Promise<void> {
    await this.answers.deleteOne({ _id: id, lease })
  }
}
