import { randomBytes, randomUUID } from 'node:crypto'
import { mongo } from 'mongoose'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { SecretsKeyError } from '#libs/runtime/secret-box'
import { type KeyDocument, loadLinkKey } from './link-key.js'

const settings = (SECRETS_KEY = randomBytes(32).toString('base64')) => ({
  SECRETS_KEY,
  LOCAL_KEY_DIR: '',
  NODE_ENV: 'production',
})

let client: mongo.MongoClient
let keys: mongo.Collection<KeyDocument>

beforeAll(() => {
  client = new mongo.MongoClient(process.env['MONGODB_URI']!)
  keys = client.db(`link_keys_${randomUUID().slice(0, 8)}`).collection<KeyDocument>('keys')
})
afterAll(async () => {
  await client.db(keys.dbName).dropDatabase()
  await client.close()
})

it('is one for all instances, and the database shows nothing of it', async () => {
  const given = settings()
  const loaded = await Promise.all(Array.from({ length: 8 }, () => loadLinkKey(keys, 'links-1', given)))
  const [key] = loaded
  for (const other of loaded) expect(other).toEqual(key)
  expect(key).toHaveLength(32)
  const stored = JSON.stringify(await keys.find().toArray())
  for (const shown of ['base64', 'base64url', 'hex'] as const)
    expect(stored).not.toContain(key!.toString(shown))
})

it('is not made anew where it was sealed under another key, nor kept unsealed in production', async () => {
  await loadLinkKey(keys, 'links-2', settings())
  await expect(loadLinkKey(keys, 'links-2', settings())).rejects.toThrow(SecretsKeyError)
  await expect(loadLinkKey(keys, 'links-3', settings(''))).rejects.toThrow(SecretsKeyError)
  expect(await keys.countDocuments({ _id: 'links-3' })).toBe(0)
})
