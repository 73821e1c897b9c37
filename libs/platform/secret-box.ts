import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto'
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'

const ALGORITHM = 'aes-256-gcm'
const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const FILE = 'notification-secrets-key'

/** The key for secrets at rest is missing or no key. */
export class SecretsKeyError extends Error {
  override readonly name = 'SecretsKeyError'
  readonly slug = 'bad-secrets-key'
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

/** The box under `SECRETS_KEY`; outside production, without one, under a local key that is made at first start. */
export async function openSecretBox(settings: SecretsKeySettings): Promise<SecretBox> {
  if (settings.SECRETS_KEY !== '') return new SecretBox(Buffer.from(settings.SECRETS_KEY, 'base64'))
  if (settings.NODE_ENV === 'production') throw new SecretsKeyError('SECRETS_KEY must be set in production.')
  return new SecretBox(Buffer.from(await localKey(settings.LOCAL_KEY_DIR), 'base64'))
}

/** A hard link either makes the file whole or finds one that another instance has made. */
async function localKey(directory: string): Promise<string> {
  const path = join(directory, FILE)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const draft = join(directory, `.${FILE}.${randomUUID()}`)
  const file = await open(draft, 'wx', 0o600)
  try {
    await file.writeFile(randomBytes(KEY_BYTES).toString('base64'))
    await file.sync()
    await link(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await file.close()
    await unlink(draft)
  }
  return readFile(path, 'utf8')
}
