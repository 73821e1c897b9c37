import { randomBytes } from 'node:crypto'
import type { mongo } from 'mongoose'
import { openSecretBox, SecretsKeyError, type SecretsKeySettings } from '#libs/runtime/secret-box'

/** A key that signs links, sealed: whoever reads the database can make no link. */
export interface KeyDocument {
  _id: string
  sealed: string
  madeAt: Date
}

const KEY_BYTES = 32
/** In `LOCAL_KEY_DIR`, where no key is given. */
const FILE = 'enforcement-secrets-key'

/**
 * The key of this id, made at the first start of any instance; all get the same one.
 * @throws SecretsKeyError in production without `SECRETS_KEY`, and where another one has sealed it
 */
export async function loadLinkKey(
  keys: mongo.Collection<KeyDocument>,
  id: string,
  settings: SecretsKeySettings,
): Promise<Buffer> {
  const box = await openSecretBox(settings, FILE)
  const made = { sealed: box.seal(randomBytes(KEY_BYTES).toString('base64'), id), madeAt: new Date() }
  await keys.updateOne({ _id: id }, { $setOnInsert: made }, { upsert: true })
  const key = await keys.findOne({ _id: id })
  try {
    return Buffer.from(box.open(key!.sealed, id), 'base64')
  } catch (cause) {
    throw new SecretsKeyError(`The key ${id} was sealed under another SECRETS_KEY than this one.`, { cause })
  }
}
