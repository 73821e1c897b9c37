import { mkdtemp, readdir, rmdir, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAlive } from '#libs/testing/is-alive'
import { runNeededTool, runTool } from '#libs/testing/run-tool'

const PREFIX = 'weir-disk-'
/** Of memory, and only what is used: more than a run of an hour leaves in the broker's log. */
const SIZE = '8g'
/** A full disk still takes what fits into pages that it has. */
const ROOM_BYTES = 64 * 1024
const MAX_ATTEMPTS = 50

/** A file system of its own that can be made full: a tmpfs, which root may mount. */
export class TightDisk {
  private constructor(readonly folder: string) {}

  /** Null where this machine forbids mounts. */
  static async mount(): Promise<TightDisk | null> {
    await removeOrphans()
    const folder = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`))
    const { code } = await runTool('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'weir-disk', folder])
    if (code === 0) return new TightDisk(folder)
    await rmdir(folder)
    return null
  }

  /** From now on a write fails with ENOSPC. */
  async fill(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const { blocks, bfree, bsize } = await statfs(this.folder)
      try {
        return await this.resize(String((blocks - bfree) * bsize + ROOM_BYTES))
      } catch (error) {
        // The broker has written more meanwhile, and no disk shrinks below what it holds.
        if (attempt === MAX_ATTEMPTS) throw error
      }
    }
  }

  /** There is room again. */
  free(): Promise<void> {
    return this.resize(SIZE)
  }

  async remove(): Promise<void> {
    await unmount(this.folder)
  }

  private async resize(size: string): Promise<void> {
    await runNeededTool('mount', ['-o', `remount,size=${size}`, this.folder], 'mount cannot be run.')
  }
}

/** Disks of runs that were killed before they could unmount them. */
async function removeOrphans(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1]
    if (owner !== undefined && !isAlive(Number(owner))) await unmount(join(tmpdir(), name))
  }
}

async function unmount(folder: string): Promise<void> {
  await runTool('umount', [folder])
  await rmdir(folder).catch(() => undefined)
}
