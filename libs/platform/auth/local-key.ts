import { generateKeyPair, exportJWK, calculateJwkThumbprint, importJWK, type CryptoKey, type JWK } from 'jose'
import { randomUUID } from 'node:crypto'
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'

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
  const path = join(directory, FILE)
  const text = (await read(path)) ?? (await create(directory, path))
  const jwk = JSON.parse(text) as JWK
  const { d: _secret, ...publicJwk } = jwk
  return {
    keyId: jwk.kid ?? '',
    privateKey: (await importJWK(jwk, LOCAL_ALGORITHM)) as CryptoKey,
    publicKey: (await importJWK(publicJwk, LOCAL_ALGORITHM)) as CryptoKey,
  }
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** A hard link to a complete file is the one step that either wins or finds that another process has won. */
async function create(directory: string, path: string): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const draft = join(directory, `.${FILE}.${randomUUID()}`)
  const file = await open(draft, 'wx', 0o600)
  try {
    await file.writeFile(JSON.stringify(await newKey()))
    await file.sync()
  } finally {
    await file.close()
  }
  try {
    await link(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await unlink(draft)
  }
  return readFile(path, 'utf8')
}

async function newKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair(LOCAL_ALGORITHM, { extractable: true })
  const jwk = await exportJWK(privateKey)
  return { ...jwk, alg: LOCAL_ALGORITHM, use: 'sig', kid: await calculateJwkThumbprint(jwk) }
}
