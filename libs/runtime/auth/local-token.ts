import { SignJWT } from 'jose'
import { LOCAL_ALGORITHM, LOCAL_AUDIENCE, LOCAL_ISSUER, localKey } from './local-key.js'
import type { Role } from './roles.js'

export interface TokenRequest {
  readonly roles: readonly Role[]
  readonly platform?: string
  readonly authority?: string
  readonly subject: string
}

/** A token of the local system, good for `hours`. */
export async function signLocalToken(
  directory: string,
  request: TokenRequest,
  hours = 24 * 30,
): Promise<string> {
  const key = await localKey(directory)
  const { roles, platform, authority } = request
  return new SignJWT({
    roles: [...roles],
    ...(platform ? { platform } : {}),
    ...(authority ? { authority } : {}),
  })
    .setProtectedHeader({ alg: LOCAL_ALGORITHM, typ: 'JWT', kid: key.keyId })
    .setIssuer(LOCAL_ISSUER)
    .setAudience(LOCAL_AUDIENCE)
    .setSubject(request.subject)
    .setIssuedAt()
    .setExpirationTime(`${hours}h`)
    .sign(key.privateKey)
}
