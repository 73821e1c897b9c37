import { Inject, Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import type { Model } from 'mongoose'
import { derivedId } from '#libs/contracts/ids'
import { Startup } from '#libs/runtime/startup'
import { ENV } from '#libs/runtime/tokens'
import type { EnforcementEnv } from '../../config.js'
import type { KeyDocument } from './link-key.js'
import { KEYS, numericDate, SignedLinks } from './signed-links.js'

/** What a link says: which statement it is for, and until when it is good. */
export interface AppealLink {
  statementId: string
  expiresAt: Date
}

/** Links to the page on which a measure can be objected to, and the codes by which an appeal is followed. */
@Injectable()
export class AppealLinks extends SignedLinks {
  constructor(
    @InjectModel(KEYS) keys: Model<KeyDocument>,
    @Inject(ENV) env: EnforcementEnv,
    startup: Startup,
  ) {
    super({ path: '/appeal', audience: 'weir-appeal', keyId: 'appeal-links-1' }, keys, env, startup)
  }

  /** The link of a statement. Throws a RetryableError while the key is not there yet. */
  linkFor(statementId: string, issuedAt: Date, expiresAt: Date): string {
    return this.link({ sub: statementId, iat: numericDate(issuedAt), exp: numericDate(expiresAt) })
  }

  /** What a token says that we signed for this purpose; null for any other. Whether it has expired is for the caller to say. */
  async read(token: string): Promise<AppealLink | null> {
    const claims = await this.claims(token)
    if (typeof claims?.exp !== 'number') return null
    return { statementId: claims.sub, expiresAt: new Date(claims.exp * 1_000) }
  }

  /**
   * The id of the appeal that a request opens against a statement: the same one for the same key of the client. The key is
   * kept nowhere, and nobody who knows the id can find it out.
   */
  appealIdOf(statementId: string, key: string): string {
    return derivedId('apl', this.digest(`appeal/${statementId}/${key}`))
  }

  /** The code by which an appellant follows an appeal: always the same one, and nobody without the key can derive it. */
  receiptCodeOf(appealId: string): string {
    return derivedId('rc', this.digest(`receipt/${appealId}`))
  }
}
