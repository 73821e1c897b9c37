import { execFile, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { SERVICES } from '#libs/contracts/catalogue'
import { projectRoot } from '#libs/testing/project-root'

/** Writes the OpenAPI document of each service to `dist/openapi` and lints them by `redocly.yaml`; exit code 1 for a finding. */
const writer = join(import.meta.dirname, 'write-document.js')
await Promise.all(SERVICES.map((service) => promisify(execFile)(process.execPath, [writer, service])))

const linter = fileURLToPath(import.meta.resolve('@redocly/cli/bin/cli.js'))
const { status } = spawnSync(process.execPath, [linter, 'lint'], {
  cwd: projectRoot,
  stdio: 'inherit',
  // It asks no registry for a newer version of itself.
  env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_NOTIFICATIONS: 'true' },
})
process.exit(status ?? 1)
