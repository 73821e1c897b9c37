import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { endAllProcesses } from '#libs/testing/guarded-process'
import { StackError } from '#libs/testing/stack-error'
import { getDefinitions } from './get-definitions.js'
import { getServers } from './get-servers.js'
import { judgeOverlay } from './judge-overlay.js'
import { OVERLAYS, type Overlay } from './manifests.js'

const USAGE = `npm run test:k8s -- [--overlay ${OVERLAYS.join('|')} …] [--crds DIR]`

/** `npm run test:k8s`: exit code 0 only where a real API server takes every overlay, and each check of it holds. */
process.exit(await main())

async function main(): Promise<number> {
  const { overlays, crds } = options()
  const log = (line: string): void => console.log(line)
  const wrong: string[] = []
  try {
    const servers = await getServers(log)
    const definitions = crds ?? (await getDefinitions(log))
    for (const overlay of overlays) {
      log(overlay)
      wrong.push(...(await judgeOverlay(overlay, servers, definitions, log)))
    }
    for (const sentence of wrong) console.error(`\n${sentence}`)
    log(`${overlays.length} overlays, ${wrong.length} faults`)
  } catch (error) {
    console.error(error instanceof StackError ? `test:k8s: ${error.message}` : error)
    wrong.push('stopped')
  }
  await endAllProcesses()
  return wrong.length === 0 ? 0 : 1
}

function options(): { overlays: readonly Overlay[]; crds: string | undefined } {
  try {
    const { values } = parseArgs({
      options: { overlay: { type: 'string', multiple: true }, crds: { type: 'string' } },
    })
    const overlays = (values.overlay ?? OVERLAYS).map((name) => {
      const overlay = OVERLAYS.find((one) => one === name)
      if (!overlay) throw new Error(`there is no overlay ${name}`)
      return overlay
    })
    return { overlays, crds: values.crds === undefined ? undefined : resolve(values.crds) }
  } catch (error) {
    console.error(`test:k8s: ${error instanceof Error ? error.message : String(error)}\n${USAGE}`)
    process.exit(2)
  }
}
