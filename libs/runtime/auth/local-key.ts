import { generateKeyPair, exportJWK, calculateJwkThumbprint, importJWK, type CryptoKey, type JWK } from 'jose'
import { keyFile } from './key-file.js'

export const LOCAL_ISSUER = 'weir-local'
export const LOCAL_AUDIENCE = 'weir'
/** ECDSA with P-256 and SHA-256 (RFC 7518, section 3.4). */
export const LOCAL_ALGORITHM = 'ES256'

const FILE = 'signing-key.json'

export interface LocalKey {
  readonly keyId: string
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
}

/**
 * The signing key of a local system, made at first use in `directory` and readable by its owner only. However many
 * processes ask for it first at once, all get the same one. Throws what the file system throws, and an Error on a file
 * that holds no key.
 */
export async function localKey(directory: string): Promise<LocalKey> {
  const text = await keyFile(directory, FILE, async () => JSON.stringify(await newKey()))
  const jwk = JSON.parse(text) as JWK
  const { d: _secret, ...publicJwk } = jwk
  return {
    keyId: jwk.kid ?? '',
    privateKey: (await importJWK(jwk, LOCAL_ALGORITHM)) as CryptoKey,
    publicKey: (await importJWK(publicJwk, LOCAL_ALGORITHM)) as CryptoKey,
  }
}

async function newKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair(LOCAL_ALGORITHM, { extractable: true })
  const jwk = await exportJWK(privateKey)
  return { ...jwk, alg: LOCAL_ALGORITHM, use: 'sig', kid: await calculateJwkThumbprint(jwk) }
}
