import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from './free-port.js'
import { spawnGuarded } from './guarded-process.js'
import { projectRoot } from './project-root.js'
import { RestartableProcess } from './restartable-process.js'
import { StackError } from './stack-error.js'

/** One service in a process of its own; it ends when this process ends, in whatever way. */
export interface ServiceProcess {
  readonly name: string
  readonly port: number
  /** Another one after each restart. */
  readonly pid: number
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  /** SIGTERM, and SIGKILL after 45 s; resolves when it is gone. */
  stop(): Promise<void>
  /** Of the process that ended last: null where a signal ended it; undefined before any has. */
  readonly exitCode: number | null | undefined
  /** Resolves when it is ready, on the same port; a killed or stopped one just starts. @throws StackError */
  restart(): Promise<void>
  /** Sends a signal and does not wait. */
  kill(signal: NodeJS.Signals): void
  /** All that it wrote to stdout and stderr, over all restarts. */
  output(): string
  /** Called when it ends though neither `stop` nor `kill` nor `restart` asked for it. */
  onUnexpectedEnd: (listener: (error: StackError) => void) => void
}

export interface ServiceOptions {
  /** Where its output is appended; without it the output is kept for `output()` only. */
  logFile?: string
  /** The folder whose `dist/` holds the built services; by default this repository. */
  root?: string
}

/** Longer than the drain of a service, 30 s by default. */
const GRACE_MS = 45_000

/**
 * As in the `start:` scripts of package.json. V8 else marks the whole heap whenever the drivers' buffers have grown by 64 MB,
 * every few seconds, and from the limit that it derives from a small heap; everybody waits for it (docs/performance.md).
 */
export const FLAGS = [
  '--enable-source-maps',
  '--initial-old-space-size=256',
  '--external-memory-accounted-in-global-limit',
]

/**
 * Starts `dist/apps/<name>/main.js` with `env` over our own environment, and resolves once `/health/ready` answers 200.
 * Without `PORT` in `env` it gets a free one.
 * @throws StackError `not-built`; `ended-early` or `not-ready` with the end of its log.
 */
export async function startService(
  name: string,
  env: Record<string, string>,
  options: ServiceOptions = {},
): Promise<ServiceProcess> {
  const root = options.root ?? projectRoot
  const main = builtFile(`apps/${name}/main.js`, root)
  const port = Number(env.PORT ?? (await freePort()))
  const url = `http://127.0.0.1:${port}`
  let earlier = ''
  const service = new RestartableProcess({
    name,
    graceMs: GRACE_MS,
    launch: () => {
      earlier += service.output()
      return spawnGuarded(process.execPath, [...FLAGS, main], {
        env: { ...process.env, ...env, PORT: String(port) },
        cwd: root,
        logFile: options.logFile,
      })
    },
    isReady: () => answersReady(url),
  })
  await service.start()
  return {
    name,
    port,
    url,
    get pid() {
      return service.pid
    },
    get exitCode() {
      return service.exitCode
    },
    stop: () => service.stop(),
    restart: async () => {
      await service.stop()
      await service.start()
    },
    kill: (signal) => service.kill(signal),
    output: () => earlier + service.output(),
    onUnexpectedEnd: (listener) => service.onUnexpectedEnd(listener),
  }
}

/** The path of a compiled file under the `dist/` of `root`. @throws StackError `not-built` */
export function builtFile(path: string, root = projectRoot): string {
  const file = join(root, 'dist', path)
  if (existsSync(file)) return file
  throw new StackError('not-built', `dist/${path} is not there: run \`npm run build\` first.`)
}

async function answersReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2000) })
    await response.body?.cancel()
    return response.status === 200
  } catch {
    return false
  }
}
