import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ServiceName } from '#libs/contracts/catalogue'
import { type Role, ROLES } from '#libs/runtime/auth/roles'
import { cached } from '#libs/testing/fetch-cache'
import { spawnGuarded } from '#libs/testing/guarded-process'
import { projectRoot } from '#libs/testing/project-root'
import { runNeededTool } from '#libs/testing/run-tool'
import type { WeirSystem } from '../harness/weir-system.js'
import type { Filled } from './filled-system.js'

const MISSING = 'Python 3.10 or newer with pip is not on the PATH; schemathesis needs it.'
/** Its wheel has no module to run; this is what its own script does. */
const PROGRAM = 'from schemathesis.cli import schemathesis; schemathesis()'

/** Why schemathesis cannot run here; undefined where it can. */
export function pythonWithPip(): string | undefined {
  const check = 'import sys, pip; sys.exit(sys.version_info < (3, 10))'
  return spawnSync('python3', ['-c', check]).status === 0 ? undefined : MISSING
}

/** How much is asked of a service. */
export interface SchemathesisRun {
  /** Test cases for each operation and phase, at most. */
  readonly examples: number
  readonly seed: number
  /** More of its own arguments. */
  readonly more?: readonly string[]
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

/** Every role but that of an authority; a platform alone where only platforms call. What each may is for another test. */
export function callersOf(service: ServiceName): Role[] {
  return service === 'ingestion' ? ['platform'] : ROLES.filter((role) => role !== 'authority')
}

/**
 * Runs every check against the document and the routes of a service of a filled system. The code is 0 where nothing was
 * found and the service is ready afterwards.
 */
export async function schemathesisOn(
  system: WeirSystem,
  filled: Filled,
  service: ServiceName,
  folder: string,
  run: SchemathesisRun,
): Promise<{ code: number; output: string }> {
  const token = await system.token({ roles: callersOf(service), platform: 'p1', subject: 'schemathesis' })
  const { url } = system.services[service]
  const args = [
    '--config-file',
    join(projectRoot, 'test/openapi/schemathesis.toml'),
    'run',
    `${url}/openapi.json`,
    '--header',
    `Authorization: Bearer ${token}`,
    '--max-examples',
    String(run.examples),
    '--seed',
    String(run.seed),
    '--generation-database',
    'none',
    '--no-color',
    ...(run.more ?? []),
  ]
  // What `schemathesis.toml` names as `${NAME}`.
  const names = {
    CASE_ID: filled.caseId,
    DECISION_ID: filled.decisionId,
    DIRECTIVE_ID: filled.directiveId,
    STATEMENT_ID: filled.statementOfReasonsId,
  }
  // It remembers what it found where it runs; each run is to find everything itself.
  const own = await mkdtemp(join(tmpdir(), 'weir-schemathesis-'))
  const started = spawnGuarded('python3', ['-c', PROGRAM, ...args], {
    env: { ...process.env, ...names, PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1' },
    cwd: own,
  })
  const { code } = await started.exited
  await rm(own, { recursive: true })
  const ready = await fetch(`${url}/health/ready`)
  return { code: ready.status === 200 ? (code ?? 1) : 1, output: started.output() }
}
