import { Inject, Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import type { Model } from 'mongoose'
import { Startup } from '#libs/runtime/startup'
import { ENV } from '#libs/runtime/tokens'
import type { EnforcementEnv } from '../../config.js'
import type { KeyDocument } from './link-key.js'
import { KEYS, numericDate, SignedLinks } from './signed-links.js'

/**
 * Links to the page on which the owner of an account answers to an intended ban. They name the decision, and have no end: they are
 * good while the decision is held.
 */
@Injectable()
export class AnswerLinks extends SignedLinks {
  constructor(
    @InjectModel(KEYS) keys: Model<KeyDocument>,
    @Inject(ENV) env: EnforcementEnv,
    startup: Startup,
  ) {
    super({ path: '/answer', audience: 'weir-answer', keyId: 'answer-links-1' }, keys, env, startup)
  }

  /** The link for a decision. Throws a RetryableError while the key is not there yet. */
  linkFor(decisionId: string, issuedAt: Date): string {
    return this.link({ sub: decisionId, iat: numericDate(issuedAt) })
  }

  /** The decision that a token of ours is for; null for any other token. */
  async read(token: string): Promise<string | null> {
    return (await this.claims(token))?.sub ?? null
  }
}
