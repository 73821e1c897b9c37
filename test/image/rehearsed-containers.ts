import { chmod, mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type GuardedProcess, spawnGuarded, type SpawnOptions } from '#libs/testing/guarded-process'
import type { RehearsedImage } from './rehearse-image.js'

/**
 * Containers of a rehearsed image: its user, its ENTRYPOINT, of our environment nothing, a root that cannot be written to, and one
 * folder for short-lived files.
 */
export class RehearsedContainers {
  private readonly started: GuardedProcess[] = []

  private constructor(
    private readonly image: RehearsedImage,
    /** What a container calls its TMPDIR. */
    private readonly temporary: string,
  ) {}

  /** Takes the write permission from the whole image. `temporary` is a new folder outside of it. */
  static async of(image: RehearsedImage, temporary: string): Promise<RehearsedContainers> {
    await mkdir(temporary)
    await chmod(temporary, 0o777)
    await eachIn(image.root, (mode) => mode & ~0o222)
    return new RehearsedContainers(image, temporary)
  }

  /** Starts one with these arguments and, over the image's, these settings. */
  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): GuardedProcess {
    return this.launch([...this.image.config.entrypoint, ...args], env)
  }

  /** What HEALTHCHECK says of the container with these settings. */
  async isHealthy(env: Readonly<Record<string, string>>): Promise<boolean> {
    const { code } = await this.launch(this.image.config.healthcheck, env).exited
    return code === 0
  }

  /** All files that are not as the image brought them: written into it, or left in the folder for short-lived ones. */
  async written(since: Date): Promise<string[]> {
    const changed: string[] = []
    for (const path of await everythingIn(this.image.root))
      if ((await stat(path)).mtime > since) changed.push(path)
    return [...changed, ...(await readdir(this.temporary))]
  }

  /** Ends all, and lets the image be removed. */
  async stop(): Promise<void> {
    await Promise.all(this.started.map((one) => one.stop()))
    await eachIn(this.image.root, (mode) => mode | 0o200)
  }

  private launch(command: readonly string[], env: Readonly<Record<string, string>>): GuardedProcess {
    const [program = '', ...args] = command
    const started = spawnGuarded(join(this.image.root, program), args, {
      cwd: join(this.image.root, this.image.config.workdir),
      env: { ...this.image.config.env, TMPDIR: this.temporary, ...env },
      ...this.user(),
    })
    this.started.push(started)
    return started
  }

  /** Only root may become another; for anybody else it is enough that the folder cannot be written to. */
  private user(): Pick<SpawnOptions, 'uid' | 'gid'> {
    const [uid, gid] = (this.image.config.user ?? '').split(':').map(Number)
    return process.getuid?.() === 0 ? { uid, gid } : {}
  }
}

async function eachIn(root: string, change: (mode: number) => number): Promise<void> {
  for (const path of await everythingIn(root)) await chmod(path, change((await stat(path)).mode))
}

/** Files and folders, without what links point to. */
async function everythingIn(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const own = entries.filter((entry) => !entry.isSymbolicLink())
  return [root, ...own.map((entry) => join(entry.parentPath, entry.name))]
}
