import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSecretBox, SecretBox, SecretsKeyError } from './secret-box.js'

const FILE = 'secrets-key'

describe('a secret box', () => {
  const box = new SecretBox(randomBytes(32))

  it('gives back what it sealed, for the same purpose only', () => {
    const sealed = box.seal('whsec_1', 'p1')
    expect(box.open(sealed, 'p1')).toBe('whsec_1')
    expect(() => box.open(sealed, 'p2')).toThrow()
    expect(() => new SecretBox(randomBytes(32)).open(sealed, 'p1')).toThrow()
  })

  it('shows nothing of the secret, and never the same box twice', () => {
    const sealed = box.seal('whsec_1', 'p1')
    expect(Buffer.from(sealed, 'base64').includes('whsec')).toBe(false)
    expect(box.seal('whsec_1', 'p1')).not.toBe(sealed)
  })

  it('opens nothing that was changed by one bit', () => {
    const bytes = Buffer.from(box.seal('whsec_1', 'p1'), 'base64')
    for (let i = 0; i < bytes.length; i++) {
      const changed = Buffer.from(bytes)
      changed[i]! ^= 1
      expect(() => box.open(changed.toString('base64'), 'p1')).toThrow()
    }
  })
})

describe('the key of the box', () => {
  let folder = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weir-box-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  it('is the same for all instances that start at once, and readable by the owner only', async () => {
    const settings = { SECRETS_KEY: '', LOCAL_KEY_DIR: folder, NODE_ENV: 'development' }
    const boxes = await Promise.all(Array.from({ length: 8 }, () => openSecretBox(settings, FILE)))
    const sealed = boxes[0]!.seal('s', 'p')
    for (const box of boxes) expect(box.open(sealed, 'p')).toBe('s')
    expect(await readdir(folder)).toHaveLength(1)
    expect((await stat(join(folder, FILE))).mode & 0o077).toBe(0)
  })

  it('must be given in production, and be one', async () => {
    const settings = { SECRETS_KEY: '', LOCAL_KEY_DIR: folder, NODE_ENV: 'production' }
    await expect(openSecretBox(settings, FILE)).rejects.toBeInstanceOf(SecretsKeyError)
    await expect(openSecretBox({ ...settings, SECRETS_KEY: 'c2hvcnQ=' }, FILE)).rejects.toBeInstanceOf(
      SecretsKeyError,
    )
  })
})
