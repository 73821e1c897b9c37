import { CommanderError, type Command } from 'commander'

/** Wrong usage. */
const USAGE = 2
/** It was understood, and failed. */
const FAILED = 1

/** Makes every command of the tree throw instead of ending the process. */
function prepare(command: Command): void {
  command.exitOverride()
  command.commands.forEach(prepare)
}

/** Runs a command line. Exit code 0: done; 1: failed, with one line on stderr that says why; 2: not a command of ours. */
export async function run(program: Command, argv: readonly string[] = process.argv): Promise<void> {
  prepare(program)
  try {
    await program.parseAsync(argv)
  } catch (error) {
    process.exitCode = exitCodeOf(error)
    if (!(error instanceof CommanderError)) process.stderr.write(`weir: ${reasonOf(error)}\n`)
  }
}

function exitCodeOf(error: unknown): number {
  if (!(error instanceof CommanderError)) return FAILED
  return error.exitCode === 0 ? 0 : USAGE
}

/** The sentence of an error and of what caused it, each said once. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : reasonOf(error.cause)
  if (cause === '' || error.message === cause) return error.message
  return cause.includes(error.message) ? cause : `${error.message} (${cause})`
}
