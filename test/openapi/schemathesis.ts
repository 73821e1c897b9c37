import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cached } from '#libs/testing/fetch-cache'
import { spawnGuarded } from '#libs/testing/guarded-process'
import { projectRoot } from '#libs/testing/project-root'
import { runNeededTool } from '#libs/testing/run-tool'

const MISSING = 'Python 3.10 or newer with pip is not on the PATH; schemathesis needs it.'
/** Its wheel has no module to run; this is what its own script does. */
const PROGRAM = 'from schemathesis.cli import schemathesis; schemathesis()'

/** What is asked of one service. */
export interface SchemathesisRun {
  readonly url: string
  readonly token: string
  /** Test cases for each operation and phase, at most. */
  readonly examples: number
  /** What `schemathesis.toml` names as `${NAME}`. */
  readonly names: Readonly<Record<string, string>>
  readonly seed: number
  /** More of its own arguments. */
  readonly more: readonly string[]
}

/** The folder with schemathesis and all that it needs, pinned in `requirements.txt`, fetched at first use. @throws StackError */
export async function getSchemathesis(log: (line: string) => void): Promise<string> {
  const requirements = join(projectRoot, 'test/openapi/requirements.txt')
  const digest = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
  return cached(`schemathesis-${digest.slice(0, 12)}`, async (folder) => {
    log('fetching schemathesis, once')
    const install = [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--only-binary',
      ':all:',
    ]
    await runNeededTool('python3', [...install, '--target', folder, '--requirement', requirements], MISSING)
  })
}

/** Runs every check against the document and the routes of a service; gives its exit code, 0 where nothing was found. */
export async function runSchemathesis(folder: string, run: SchemathesisRun): Promise<number> {
  const args = [
    '--config-file',
    join(projectRoot, 'test/openapi/schemathesis.toml'),
    'run',
    `${run.url}/openapi.json`,
    '--header',
    `Authorization: Bearer ${run.token}`,
    '--max-examples',
    String(run.examples),
    '--seed',
    String(run.seed),
    '--generation-database',
    'none',
    '--no-color',
    ...run.more,
  ]
  // It remembers what it found where it runs; each run is to find everything itself.
  const own = await mkdtemp(join(tmpdir(), 'weir-schemathesis-'))
  const process = spawnGuarded('python3', ['-c', PROGRAM, ...args], {
    env: { ...globalThis.process.env, ...run.names, PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1' },
    cwd: own,
  })
  const { code } = await process.exited
  await rm(own, { recursive: true })
  console.log(process.output())
  return code ?? 1
}
