import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { keyFile } from './auth/key-file.js'
import { PermanentError } from './errors.js'

const ALGORITHM = 'aes-256-gcm'
const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** The key for secrets at rest is missing, no key, or not the one that sealed them. */
export class SecretsKeyError extends PermanentError {
  constructor(message: string, options?: ErrorOptions) {
    super('bad-secrets-key', message, null, options)
  }
}

/** Keeps secrets unreadable at rest: AES-256-GCM with a fresh nonce each, bound to what the secret is for. */
export class SecretBox {
  constructor(private readonly key: Buffer) {
    if (key.length !== KEY_BYTES) throw new SecretsKeyError('SECRETS_KEY must be 32 bytes in base64.')
  }

  seal(secret: string, purpose: string): string {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv(ALGORITHM, this.key, nonce).setAAD(Buffer.from(purpose))
    const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64')
  }

  /** Throws an Error where the box was sealed with another key or for another purpose. */
  open(box: string, purpose: string): string {
    const bytes = Buffer.from(box, 'base64')
    const decipher = createDecipheriv(ALGORITHM, this.key, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    })
    decipher.setAAD(Buffer.from(purpose)).setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
    return Buffer.concat([
      decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)),
      decipher.final(),
    ]).toString('utf8')
  }
}

/** The settings that say which key seals. */
export interface SecretsKeySettings {
  SECRETS_KEY: string
  LOCAL_KEY_DIR: string
  NODE_ENV: string
}

/**
 * The box under `SECRETS_KEY`; outside production, without one, under a local key that is made at first start in this file of
 * `LOCAL_KEY_DIR`. @throws SecretsKeyError
 */
export async function openSecretBox(settings: SecretsKeySettings, file: string): Promise<SecretBox> {
  if (settings.SECRETS_KEY !== '') return new SecretBox(Buffer.from(settings.SECRETS_KEY, 'base64'))
  if (settings.NODE_ENV === 'production') throw new SecretsKeyError('SECRETS_KEY must be set in production.')
  const made = (): string => randomBytes(KEY_BYTES).toString('base64')
  return new SecretBox(Buffer.from(await keyFile(settings.LOCAL_KEY_DIR, file, made), 'base64'))
}
