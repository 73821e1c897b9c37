import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

const PARTIAL = '.partial-'
const STALE_MS = 3_600_000

/** `WEIR_CACHE_DIR`, else `~/.cache/weir`. */
function cacheDir(): string {
  return process.env.WEIR_CACHE_DIR ?? join(homedir(), '.cache', 'weir')
}

/**
 * The cache's folder `name`, which `fill` makes when it is missing. It appears whole or not at all, and two processes may
 * ask at once: both fill a folder of their own, one wins. `name` must change with the content. Errors of `fill` pass through.
 */
export async function cached(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const cache = cacheDir()
  const target = join(cache, name)
  if (existsSync(target)) return target
  await mkdir(cache, { recursive: true })
  await removeStale(cache)
  const partial = await mkdtemp(join(cache, PARTIAL))
  try {
    await fill(partial)
    await rename(partial, target).catch((error: unknown) => {
      if (!existsSync(target)) throw error
    })
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
  return target
}

/** Folders of downloads that were cut off. */
async function removeStale(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    if (!name.startsWith(PARTIAL)) continue
    const path = join(cache, name)
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }))
    if (Date.now() - mtimeMs > STALE_MS) await rm(path, { recursive: true, force: true })
  }
}
