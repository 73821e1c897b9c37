import 'reflect-metadata'
import { parseArgs } from 'node:util'
import { SERVICES } from '#libs/contracts/catalogue'
import { recordCosts, textCosts } from './costs.js'
import { type LiveTime, liveTimes } from './live-times.js'

/** Within which `/health/live` is to be answered, whatever is being handled. */
const MAX_MS = 500
/** Of each service and door, the worst are told. */
const TOLD = 3

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'records,texts,live' },
    // Each n-th kind only, for a quick look.
    every: { type: 'string', default: '1' },
    assert: { type: 'boolean', default: false },
  },
})
const say = (line: string): void => void process.stderr.write(`${line}\n`)
const print = (lines: readonly string[]): void => void process.stdout.write(`${lines.join('\n')}\n\n`)
const wanted = values.only.split(',')

if (wanted.includes('records')) print(recordCosts())
if (wanted.includes('texts')) print(textCosts())
if (wanted.includes('live')) {
  const times = await liveTimes(say, Number(values.every))
  print([
    '| service | while it got | kinds | worst `/health/live` ms |',
    '|---|---|---|---|',
    ...liveRows(times),
  ])
  const late = times.filter(({ milliseconds }) => milliseconds > MAX_MS)
  print([`${times.length - late.length} of ${times.length} answers within ${MAX_MS} ms.`])
  process.exitCode = values.assert && late.length > 0 ? 1 : 0
}
process.exit()

function liveRows(times: readonly LiveTime[]): string[] {
  return SERVICES.flatMap((service) => {
    const own = times.filter((one) => one.service === service)
    return [...Map.groupBy(own, ({ door }) => door)].map(([door, some]) => {
      const worst = some.toSorted((a, b) => b.milliseconds - a.milliseconds).slice(0, TOLD)
      const told = worst.map(({ kind, milliseconds }) => `${milliseconds.toFixed(0)} (${kind})`).join(', ')
      return `| ${service} | ${door} | ${some.length} | ${told} |`
    })
  })
}
