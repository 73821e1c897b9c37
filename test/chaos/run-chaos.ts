import 'reflect-metadata'
import { writeFile } from 'node:fs/promises'
import { endAllProcesses } from '#libs/testing/guarded-process'
import { runChaos } from './chaos.js'
import { type ChaosOptions, parseOptions, USAGE } from './chaos-options.js'
import type { CleanUps } from './ground.js'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** `npm run chaos`: exit code 0 only where the oracle has nothing to complain of. */
process.exit(await main(optionsOrExit()))

async function main(options: ChaosOptions): Promise<number> {
  const asked = Promise.withResolvers<undefined>()
  for (const signal of SIGNALS) process.on(signal, () => asked.resolve(undefined))
  const cleanUps: CleanUps = []
  let code = 1
  try {
    const report = await Promise.race([runChaos(options, cleanUps, console.log), asked.promise])
    if (!report) console.error('chaos: stopped before the end.')
    else {
      if (options.json !== undefined)
        await writeFile(options.json, `${JSON.stringify(report.figures, null, 2)}\n`)
      for (const line of report.lines) console.log(line)
      code = report.content ? 0 : 1
    }
  } catch (error) {
    console.error(error)
  }
  // The servers' and the services' own ends come first; the last thing is to unmount and remove.
  while (cleanUps.length > 0) await cleanUps.pop()!().catch((error: unknown) => console.error(error))
  await endAllProcesses()
  return code
}

function optionsOrExit(): ChaosOptions {
  try {
    return parseOptions(process.argv.slice(2))
  } catch (error) {
    console.error(`chaos: ${error instanceof Error ? error.message : String(error)}\n${USAGE}`)
    process.exit(2)
  }
}
