import { writeFile } from 'node:fs/promises'
import { endAllProcesses } from '#libs/testing/guarded-process'
import type { ChaosReport } from './chaos-report.js'
import type { CleanUps } from './ground.js'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Runs a program that ends with a report, prints it, writes its figures to the file `json`, and cleans up, also after a
 * signal. Resolves to the exit code: 0 only where there is nothing to complain of.
 */
export async function runAndReport(
  name: string,
  json: string | undefined,
  run: (cleanUps: CleanUps, say: (line: string) => void) => Promise<ChaosReport>,
): Promise<number> {
  const asked = Promise.withResolvers<undefined>()
  for (const signal of SIGNALS) process.on(signal, () => asked.resolve(undefined))
  const cleanUps: CleanUps = []
  let code = 1
  try {
    const report = await Promise.race([run(cleanUps, console.log), asked.promise])
    if (!report) console.error(`${name}: stopped before the end.`)
    else {
      if (json !== undefined) await writeFile(json, `${JSON.stringify(report.figures, null, 2)}\n`)
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

/** What `parse` reads from the command line; ends the process with `usage` where it throws. */
export function optionsOrExit<T>(name: string, usage: string, parse: (args: string[]) => T): T {
  try {
    return parse(process.argv.slice(2))
  } catch (error) {
    console.error(`${name}: ${error instanceof Error ? error.message : String(error)}\n${usage}`)
    process.exit(2)
  }
}
