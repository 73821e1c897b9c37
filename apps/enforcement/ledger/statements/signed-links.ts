import { compactVerify } from 'jose'
import { createHmac } from 'node:crypto'
import { type Model, type mongo, Schema } from 'mongoose'
import { RetryableError } from '#libs/runtime/errors'
import type { Startup } from '#libs/runtime/startup'
import type { EnforcementEnv } from '../../config.js'
import { type KeyDocument, loadLinkKey } from './link-key.js'

export const KEYS = 'Key'
export const KeySchema = new Schema<KeyDocument>(
  { _id: String },
  { collection: 'keys', strict: false, versionKey: false },
)

/** One purpose of links: its page, the audience of its tokens, and its key, which signs nothing else. */
export interface LinkPurpose {
  path: string
  audience: string
  keyId: string
}

/** What a token says beside its audience. */
export interface LinkClaims {
  sub: string
  iat: number
  exp?: number
}

/**
 * Links to one page of ours. The token is a JWS (HS256, RFC 7515) over its claims alone, so that a replay makes the same link, to
 * the byte; all instances share the key, which is made at the first start and is no other purpose's.
 */
export abstract class SignedLinks {
  private secret: Buffer | null = null

  protected constructor(
    private readonly purpose: LinkPurpose,
    keys: Model<KeyDocument>,
    private readonly env: EnforcementEnv,
    startup: Startup,
  ) {
    const collection = keys.collection as unknown as mongo.Collection<KeyDocument>
    void startup.run(purpose.keyId, async () => {
      this.secret = await loadLinkKey(collection, purpose.keyId, env)
    })
  }

  /** The link with these claims. Throws a RetryableError while the key is not there yet. */
  protected link(claims: LinkClaims): string {
    const { path, audience, keyId } = this.purpose
    const signed = `${part({ alg: 'HS256', typ: 'JWT', kid: keyId })}.${part({ aud: audience, ...claims })}`
    return `${this.env.PUBLIC_URL.replace(/\/+$/, '')}${path}?token=${signed}.${this.digest(signed)}`
  }

  /** What a token says that we signed for this purpose; null for any other. Whether it has expired is for the caller to say. */
  protected async claims(token: string): Promise<LinkClaims | null> {
    const verified = await compactVerify(token, this.key(), { algorithms: ['HS256'] }).catch(() => null)
    if (!verified) return null
    const { aud, ...claims } = JSON.parse(Buffer.from(verified.payload).toString('utf8')) as LinkClaims & {
      aud?: unknown
    }
    return aud === this.purpose.audience && typeof claims.sub === 'string' ? claims : null
  }

  /** The HMAC-SHA-256 of `content` under this purpose's key, in base64url. */
  protected digest(content: string): string {
    return createHmac('sha256', this.key()).update(content).digest('base64url')
  }

  private key(): Buffer {
    const { keyId } = this.purpose
    if (!this.secret) throw new RetryableError('not-ready', `The key ${keyId} of links is not loaded yet.`)
    return this.secret
  }
}

/** An instant in whole seconds, as the claims of a JWT state it (RFC 7519, NumericDate). */
export function numericDate(instant: Date): number {
  return Math.floor(instant.getTime() / 1_000)
}

function part(content: object): string {
  return Buffer.from(JSON.stringify(content)).toString('base64url')
}
