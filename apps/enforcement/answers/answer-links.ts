import { Inject, Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import { compactVerify } from 'jose'
import { createHmac } from 'node:crypto'
import type { Model, mongo } from 'mongoose'
import { RetryableError } from '#libs/platform/errors'
import { Startup } from '#libs/platform/startup'
import { ENV } from '#libs/platform/tokens'
import type { EnforcementEnv } from '../config.js'
import { KEYS } from '../statements/appeal-links.js'
import { type KeyDocument, loadLinkKey } from '../statements/link-key.js'

const KEY_ID = 'answer-links-1'
const AUDIENCE = 'weir-answer'

/**
 * Links to the page on which the owner of an account answers to an intended ban. The token is a JWS (HS256) over the decision and
 * its instant alone, so that a replay makes the same link, to the byte; under a key of its own, so that no other link of ours is
 * one of these. It has no end: it is good while the decision is held.
 */
@Injectable()
export class AnswerLinks {
  private secret: Buffer | null = null
  private readonly keys: mongo.Collection<KeyDocument>

  constructor(
    @InjectModel(KEYS) model: Model<KeyDocument>,
    @Inject(ENV) private readonly env: EnforcementEnv,
    startup: Startup,
  ) {
    this.keys = model.collection as unknown as mongo.Collection<KeyDocument>
    void startup.run('answer-links', () => this.load())
  }

  /** The link for a decision. Throws a RetryableError while the key is not there yet. */
  linkFor(decisionId: string, issuedAt: Date): string {
    const claims = { aud: AUDIENCE, sub: decisionId, iat: Math.floor(issuedAt.getTime() / 1_000) }
    const signed = `${part({ alg: 'HS256', typ: 'JWT', kid: KEY_ID })}.${part(claims)}`
    const signature = createHmac('sha256', this.key()).update(signed).digest('base64url')
    return `${this.env.PUBLIC_URL.replace(/\/+$/, '')}/answer?token=${signed}.${signature}`
  }

  /** The decision that a token of ours is for; null for any other token. */
  async read(token: string): Promise<string | null> {
    const verified = await compactVerify(token, this.key(), { algorithms: ['HS256'] }).catch(() => null)
    if (!verified) return null
    const { aud, sub } = JSON.parse(Buffer.from(verified.payload).toString('utf8')) as Record<string, unknown>
    return aud === AUDIENCE && typeof sub === 'string' ? sub : null
  }

  private key(): Buffer {
    if (!this.secret) throw new RetryableError('not-ready', 'The key of answer links is not loaded yet.')
    return this.secret
  }

  private async load(): Promise<void> {
    this.secret = await loadLinkKey(this.keys, KEY_ID, this.env)
  }
}

function part(content: object): string {
  return Buffer.from(JSON.stringify(content)).toString('base64url')
}
