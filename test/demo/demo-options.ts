import { parseArgs } from 'node:util'

export interface DemoOptions {
  /** Where the figures are written as JSON. */
  readonly json: string | undefined
  /** Folder of labelled sets. */
  readonly data: string | undefined
  /** Leaves everything running at the end, until Ctrl-C. */
  readonly keep: boolean
}

export const USAGE = `npm run demo -- [--json FILE] [--data DIR] [--keep]
  --json FILE  writes the figures to FILE too
  --data DIR   labelled sets to stream (default: ../shared/data, where it is there)
  --keep       leaves everything running, with URLs and a token, until Ctrl-C`

/** @throws TypeError on arguments that are none */
export function parseOptions(args: string[]): DemoOptions {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'string' },
      data: { type: 'string' },
      keep: { type: 'boolean', default: false },
    },
  })
  return { json: values.json, data: values.data, keep: values.keep }
}
