import { parseArgs } from 'node:util'

export interface BenchOptions {
  readonly json: string | undefined
  readonly data: string | undefined
  /** Exit 1 where a bar is missed. */
  readonly assert: boolean
  /** Only the cost of each step. */
  readonly micro: boolean
  readonly growth: boolean
  /** Records of a backlog. */
  readonly records: number
  /** Messages a second of an open loop that is run alone; 0: everything else is run. */
  readonly rate: number
  /** Records of a long run that watches memory; 0 for none. */
  readonly soak: number
}

export const USAGE = `npm run bench -- [--json FILE] [--data DIR] [--assert] [--micro] [--growth] [--records N] [--rate N] [--soak N]
  --json FILE  writes the figures to FILE too
  --data DIR   where weibo-stream lies (default: ../shared/data, where it is there)
  --assert     exits 1 when a bar is missed
  --micro      only the cost of each step of a message's way
  --growth     also how the cost grows with partitions, processes, texts, accounts, words, rules and backlog
  --records N  records of one backlog (default 300000)
  --rate N     only the open loop, at N messages a second, three times: before and after a change
  --soak N     at the end N more records, with the memory of each service on the way`

/** @throws TypeError on arguments that are none */
export function parseOptions(args: string[]): BenchOptions {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'string' },
      data: { type: 'string' },
      assert: { type: 'boolean', default: false },
      micro: { type: 'boolean', default: false },
      growth: { type: 'boolean', default: false },
      records: { type: 'string', default: '300000' },
      rate: { type: 'string', default: '0' },
      soak: { type: 'string', default: '0' },
    },
  })
  const { records, rate, soak, json, data, ...flags } = values
  return {
    ...flags,
    json,
    data,
    records: countFrom('records', records),
    rate: countFrom('rate', rate),
    soak: countFrom('soak', soak),
  }
}

function countFrom(name: string, text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count >= 0) return count
  throw new TypeError(`--${name} must be a whole number, not ${text}.`)
}
