import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { localKey } from './local-key.js'

let directory: string

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'weir-key-')), 'keys')
})

afterEach(() => rm(join(directory, '..'), { recursive: true }))

it('is the same for all who ask for it first at once, and later', async () => {
  // Spread over the milliseconds that making a key takes, so that some lose to a key that others have read.
  const ask = async (after: number) => sleep(after / 4).then(() => localKey(directory))
  const first = await Promise.all(Array.from({ length: 60 }, (_, i) => ask(i)))
  const later = await localKey(directory)
  expect(new Set([...first, later].map(({ keyId }) => keyId)).size).toBe(1)
  expect(later.keyId).not.toBe('')
  expect(await readdir(directory)).toStrictEqual(['signing-key.json'])
})

it('can be read by its owner only', async () => {
  await localKey(directory)
  expect((await stat(join(directory, 'signing-key.json'))).mode & 0o777).toBe(0o600)
  expect((await stat(directory)).mode & 0o777).toBe(0o700)
})

it('is never replaced: a damaged file is an error', async () => {
  await localKey(directory)
  await writeFile(join(directory, 'signing-key.json'), '{"kty":')
  await expect(localKey(directory)).rejects.toThrow(SyntaxError)
})
