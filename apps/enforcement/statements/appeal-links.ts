import { Inject, Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import { compactVerify } from 'jose'
import { createHmac } from 'node:crypto'
import { type Model, type mongo, Schema } from 'mongoose'
import { derivedId } from '#libs/contracts/ids'
import { RetryableError } from '#libs/platform/errors'
import { Startup } from '#libs/platform/startup'
import { ENV } from '#libs/platform/tokens'
import type { EnforcementEnv } from '../config.js'
import { type KeyDocument, loadLinkKey } from './link-key.js'

export const KEYS = 'Key'
export const KeySchema = new Schema<KeyDocument>(
  { _id: String },
  { collection: 'keys', strict: false, versionKey: false },
)

const KEY_ID = 'appeal-links-1'
const AUDIENCE = 'weir-appeal'

/** What a link says: which statement it is for, and until when it is good. */
export interface AppealLink {
  statementId: string
  expiresAt: Date
}

/**
 * Links to the page on which a measure can be objected to. The token is a JWS (HS256) over statement and times alone, so that
 * a replay makes the same link, to the byte; all instances share the key, which is made at the first start.
 */
@Injectable()
export class AppealLinks {
  private secret: Buffer | null = null
  private readonly keys: mongo.Collection<KeyDocument>

  constructor(
    @InjectModel(KEYS) model: Model<KeyDocument>,
    @Inject(ENV) private readonly env: EnforcementEnv,
    startup: Startup,
  ) {
    this.keys = model.collection as unknown as mongo.Collection<KeyDocument>
    void startup.run('appeal-links', () => this.load())
  }

  /** The link of a statement. Throws a RetryableError while the key is not there yet. */
  linkFor(statementId: string, issuedAt: Date, expiresAt: Date): string {
    const claims = { aud: AUDIENCE, sub: statementId, iat: seconds(issuedAt), exp: seconds(expiresAt) }
    const signed = `${part({ alg: 'HS256', typ: 'JWT', kid: KEY_ID })}.${part(claims)}`
    const signature = createHmac('sha256', this.key()).update(signed).digest('base64url')
    return `${this.env.PUBLIC_URL.replace(/\/+$/, '')}/appeal?token=${signed}.${signature}`
  }

  /** What a token says that we signed for this purpose; null for any other. Whether it has expired is for the caller to say. */
  async read(token: string): Promise<AppealLink | null> {
    const verified = await compactVerify(token, this.key(), { algorithms: ['HS256'] }).catch(() => null)
    if (!verified) return null
    const claims = JSON.parse(Buffer.from(verified.payload).toString('utf8')) as Record<string, unknown>
    const { aud, sub, exp } = claims
    if (aud !== AUDIENCE || typeof sub !== 'string' || typeof exp !== 'number') return null
    return { statementId: sub, expiresAt: new Date(exp * 1_000) }
  }

  /**
   * The id of the appeal that a request opens against a statement: the same one for the same key of the client. The key is
   * kept nowhere, and nobody who knows the id can find it out.
   */
  appealIdOf(statementId: string, key: string): string {
    const digest = createHmac('sha256', this.key()).update(`appeal/${statementId}/${key}`).digest('base64url')
    return derivedId('apl', digest)
  }

  /** The code by which an appellant follows an appeal: always the same one, and nobody without the key can derive it. */
  receiptCodeOf(appealId: string): string {
    return derivedId('rc', createHmac('sha256', this.key()).update(`receipt/${appealId}`).digest('base64url'))
  }

  private key(): Buffer {
    if (!this.secret) throw new RetryableError('not-ready', 'The key of appeal links is not loaded yet.')
    return this.secret
  }

  private async load(): Promise<void> {
    this.secret = await loadLinkKey(this.keys, KEY_ID, this.env)
  }
}

function seconds(instant: Date): number {
  return Math.floor(instant.getTime() / 1_000)
}

function part(content: object): string {
  return Buffer.from(JSON.stringify(content)).toString('base64url')
}
