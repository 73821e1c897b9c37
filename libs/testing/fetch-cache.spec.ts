import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { cached } from './fetch-cache.js'
import { verifyFile } from './verify-hash.js'

describe('the cache', () => {
  let cache: string
  beforeEach(async () => {
    cache = await mkdtemp(join(tmpdir(), 'weir-cache-'))
    vi.stubEnv('WEIR_CACHE_DIR', cache)
  })
  afterEach(async () => {
    vi.unstubAllEnvs()
    await rm(cache, { recursive: true })
  })

  it('fills a folder once', async () => {
    const fill = vi.fn((folder: string) => writeFile(join(folder, 'file'), 'content'))
    const first = await cached('thing-1', fill)
    expect(await cached('thing-1', fill)).toBe(first)
    expect(fill).toHaveBeenCalledTimes(1)
    expect(await readFile(join(first, 'file'), 'utf8')).toBe('content')
  })

  it('keeps nothing of a download that is not what was pinned', async () => {
    const filling = cached('thing-1', async (folder) => {
      await writeFile(join(folder, 'file'), 'tampered with')
      await verifyFile(join(folder, 'file'), '0'.repeat(64))
    })
    await expect(filling).rejects.toMatchObject({ slug: 'hash-mismatch' })
    expect(await readdir(cache)).toEqual([])
  })

  it('shows a folder only when it is whole, also to two who ask at once', async () => {
    const bothFill = Promise.withResolvers<void>()
    let filling = 0
    const fill = async (folder: string) => {
      await writeFile(join(folder, 'first'), '1')
      if (++filling === 2) bothFill.resolve()
      await bothFill.promise
      await writeFile(join(folder, 'second'), '2')
    }
    // The slower one of the two finds the folder of the other.
    const slow = cached('thing-1', async (folder) => {
      await fill(folder)
      await fast
    })
    const fast: Promise<string> = cached('thing-1', async (folder) => {
      await fill(folder)
      expect(await readdir(cache)).not.toContain('thing-1')
    })
    expect(await slow).toBe(await fast)
    expect((await readdir(await slow)).sort()).toEqual(['first', 'second'])
    expect(await readdir(cache)).toEqual(['thing-1'])
  })
})
