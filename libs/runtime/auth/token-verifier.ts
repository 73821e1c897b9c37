import {
  createRemoteJWKSet,
  errors,
  jwtVerify,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
} from 'jose'
import { isOurActor } from '#libs/contracts/actors'
import { PLATFORM_ID } from '#libs/contracts/fields'
import { EnvError, type ServiceEnv } from '../env.js'
import { RetryableError } from '../errors.js'
import type { Caller } from './caller.js'
import { LOCAL_ALGORITHM, LOCAL_AUDIENCE, LOCAL_ISSUER, localKey } from './local-key.js'
import { isRole, type Role } from './roles.js'

/** Asymmetric only: with a shared secret the public key could sign (RFC 8725, section 2.1). */
const OIDC_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
]
/** Seconds that the issuer's clock may differ from ours. */
const CLOCK_TOLERANCE = 5
const ID = new RegExp(PLATFORM_ID)

/** The token is not one that this system accepts. Why is for the log, not for the caller. */
export class TokenError extends Error {
  override readonly name = 'TokenError'
}

/** Tells who stands behind a bearer token. */
export abstract class TokenVerifier {
  /** Throws a TokenError on a token that is not accepted, a RetryableError where the issuer's keys cannot be had. */
  abstract callerOf(token: string): Promise<Caller>
}

/**
 * The verifier that the settings ask for: an OIDC issuer by its published keys, else the local key. Throws an EnvError
 * where production has no issuer.
 */
export async function tokenVerifier(env: ServiceEnv): Promise<TokenVerifier> {
  const { OIDC_ISSUER: issuer, OIDC_AUDIENCE: audience, OIDC_JWKS_URI: keys } = env
  if (issuer !== undefined && audience !== undefined && keys !== undefined) {
    return new JoseVerifier(createRemoteJWKSet(new URL(keys)), {
      issuer,
      audience,
      algorithms: OIDC_ALGORITHMS,
    })
  }
  if (env.NODE_ENV === 'production') {
    throw new EnvError('OIDC_ISSUER is needed in production: tokens signed by a local key are refused there')
  }
  const { publicKey } = await localKey(env.LOCAL_KEY_DIR)
  return new JoseVerifier(async () => publicKey, {
    issuer: LOCAL_ISSUER,
    audience: LOCAL_AUDIENCE,
    algorithms: [LOCAL_ALGORITHM],
  })
}

class JoseVerifier extends TokenVerifier {
  constructor(
    private readonly keys: JWTVerifyGetKey,
    private readonly options: JWTVerifyOptions,
  ) {
    super()
  }

  override async callerOf(token: string): Promise<Caller> {
    return callerOfClaims(await this.claimsOf(token))
  }

  private async claimsOf(token: string): Promise<JWTPayload> {
    try {
      const required = { requiredClaims: ['sub', 'exp'], clockTolerance: CLOCK_TOLERANCE }
      const { payload } = await jwtVerify(token, this.keys, { ...this.options, ...required })
      return payload
    } catch (error) {
      if (keysAreAway(error))
        throw new RetryableError('issuer-away', 'the keys of the token issuer cannot be had', {
          cause: error,
        })
      throw new TokenError(error instanceof Error ? error.message : 'not accepted', { cause: error })
    }
  }
}

/** jose throws its base class for a bad answer of the key server, and lets the errors of fetch through. */
function keysAreAway(error: unknown): boolean {
  if (error instanceof errors.JWKSTimeout) return true
  return error instanceof errors.JOSEError ? error.code === errors.JOSEError.code : true
}

/**
 * The caller that a verified token describes. Words that are no role of ours count for nothing, and the roles `platform`
 * and `authority` count only together with the claim that says which. Throws a TokenError without a usable `sub`, or with one that reads as a
 * name of ours (libs/contracts/actors.ts).
 */
export function callerOfClaims(claims: JWTPayload): Caller {
  const subject = claims.sub
  if (typeof subject !== 'string' || subject === '' || subject.length > 200)
    throw new TokenError('no usable sub')
  // Else what they do would stand in the audit log as done by Weir, or by the owner of an account.
  if (isOurActor(subject)) throw new TokenError('the sub is a name of ours')
  const given = Array.isArray(claims['roles']) ? new Set(claims['roles'].filter(isRole)) : new Set<Role>()
  const platform = idIn(claims, 'platform', given)
  const authority = idIn(claims, 'authority', given)
  return {
    subject,
    roles: [...given],
    ...(platform !== undefined ? { platform } : {}),
    ...(authority !== undefined ? { authority } : {}),
  }
}

/** The id in the claim of that name; takes the role away where it names nobody. */
function idIn(claims: JWTPayload, name: 'platform' | 'authority', roles: Set<Role>): string | undefined {
  const id = claims[name]
  if (roles.has(name) && typeof id === 'string' && ID.test(id)) return id
  roles.delete(name)
  return undefined
}
