import { spawnGuarded } from './guarded-process.js'
import type { SpawnOptions } from './guarded-process.js'
import { StackError } from './stack-error.js'

export interface ToolResult {
  code: number | null
  output: string
}

/** Runs a program to its end; exit code 127 where there is no such program. */
export async function runTool(
  command: string,
  args: string[],
  options: SpawnOptions = {},
): Promise<ToolResult> {
  const tool = spawnGuarded(command, args, options)
  const { code } = await tool.exited
  return { code, output: tool.output() }
}

/**
 * Runs a program that has to succeed.
 * @throws StackError `tool-missing` with the sentence `missing`, or `tool-failed` with the end of what it printed.
 */
export async function runNeededTool(
  command: string,
  args: string[],
  missing: string,
  options: SpawnOptions = {},
): Promise<string> {
  const { code, output } = await runTool(command, args, options)
  if (code === 127) throw new StackError('tool-missing', missing)
  if (code !== 0) {
    throw new StackError('tool-failed', `\`${[command, ...args].join(' ')}\` failed: ${lastLines(output)}`)
  }
  return output
}

/** The end of a log, short enough for an error message. */
export function lastLines(text: string, count = 15): string {
  return text.trimEnd().split('\n').slice(-count).join('\n')
}
