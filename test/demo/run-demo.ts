import 'reflect-metadata'
import { setTimeout as sleep } from 'node:timers/promises'
import { endAllProcesses } from '#libs/testing/guarded-process'
import { StackError } from '#libs/testing/stack-error'
import { CleanUp } from './clean-up.js'
import { runDemo } from './demo.js'
import { type DemoOptions, parseOptions, USAGE } from './demo-options.js'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const LOOK_EVERY_MS = 500
/** A start that was cut off clears up after itself. */
const CLEAR_UP_WITHIN_MS = 5_000

/** `npm run demo`: exit code 0 only where the page was printed and everything on it adds up. */
process.exit(await main(optionsOrExit()))

async function main(options: DemoOptions): Promise<number> {
  const asked = Promise.withResolvers<'asked'>()
  onRequestToStop(() => asked.resolve('asked'))
  const failed = Promise.withResolvers<never>()
  const cleanUp = new CleanUp()
  const running = runDemo(options, cleanUp, failed.reject)
  let code = 1
  try {
    const outcome = await Promise.race([running, asked.promise, failed.promise])
    if (outcome === 'asked') {
      console.error('\nweir: stopped before the end.')
    } else {
      code = outcome.length === 0 ? 0 : 1
      for (const problem of outcome) console.error(`weir: ${problem}`)
      if (options.keep) await Promise.race([asked.promise, failed.promise])
    }
  } catch (error) {
    code = 1
    console.error(error instanceof Error ? `weir: ${sentenceOf(error)}` : error)
  }
  await cleanUp.run()
  await endAllProcesses()
  await Promise.race([running.catch(() => undefined), sleep(CLEAR_UP_WITHIN_MS)])
  await cleanUp.run()
  return code
}

function sentenceOf(error: Error): string {
  return error instanceof StackError ? error.message : (error.stack ?? error.message)
}

/** By a signal, or when who launched us is gone. */
function onRequestToStop(ask: () => void): void {
  for (const signal of SIGNALS) process.on(signal, ask)
  const launcher = process.ppid
  setInterval(() => {
    if (process.ppid !== launcher) ask()
  }, LOOK_EVERY_MS).unref()
}

function optionsOrExit(): DemoOptions {
  try {
    return parseOptions(process.argv.slice(2))
  } catch (error) {
    console.error(`weir: ${error instanceof Error ? error.message : String(error)}\n${USAGE}`)
    process.exit(2)
  }
}
