import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { SERVICES } from '#libs/contracts/catalogue'
import { percentile } from '../demo/percentile.js'
import { compare, PLATFORMS, prepare, send } from '../faults/bench.js'
import { type OutgoingRecord, randomFrom, workload } from '../faults/workload.js'
import { WeirSystem } from '../harness/weir-system.js'
import { type ChaosReport, complaintsOf } from './chaos-report.js'
import { type DirectiveTime, DirectiveTimes } from './directive-times.js'
import type { CleanUps } from './ground.js'
import { restartWatched, type WatchedRestart } from './restart-watched.js'
import { SteadyLoad } from './steady-load.js'
import { tellServices } from './tell-services.js'

export interface RollingOptions {
  readonly seed: number
  /** Records whose way is timed to find the saturation. */
  readonly records: number
  /** Between two restarts: what `minReadySeconds` is to a Deployment. */
  readonly calmSeconds: number
  readonly json: string | undefined
}

const INSTANCES = 2
/** Of the saturation. */
const LOAD = 1 / 3
/** Before anything is timed: what is hot is compiled. */
const WARM_UP = 6_000
/** From when a message is due to its directive, milliseconds: the bar. */
const P99_BELOW_MS = 5_000
const SHUTDOWN_SECONDS = 30
const DRAIN_WITHIN_SECONDS = 300

export const ROLLING_USAGE = `npm run rolling -- [--seed N] [--records N] [--calm-seconds S] [--json FILE]
  --seed N          the records to be sent (default 1)
  --records N       whose way is timed to find the saturation (default 30000)
  --calm-seconds S  between two restarts (default 10)
  --json FILE       writes the figures to FILE too`

/** @throws TypeError that names the argument which is none */
export function parseRollingOptions(args: string[]): RollingOptions {
  const { values } = parseArgs({
    args,
    options: {
      seed: { type: 'string', default: '1' },
      records: { type: 'string', default: '30000' },
      'calm-seconds': { type: 'string', default: '10' },
      json: { type: 'string' },
    },
  })
  const numberOf = (name: 'seed' | 'records' | 'calm-seconds'): number => {
    const value = Number(values[name])
    if (Number.isInteger(value) && value > 0) return value
    throw new TypeError(`--${name} is "${values[name]}"; it must be a whole number above 0`)
  }
  return {
    seed: numberOf('seed'),
    records: numberOf('records'),
    calmSeconds: numberOf('calm-seconds'),
    json: values.json,
  }
}

/**
 * Starts two instances of each service, finds out how much they can take, and restarts one after the other while a third of
 * that streams in. Then it lets Weir drain, and has the oracle compare. What is left to be stopped is in `cleanUps`.
 */
export async function runRolling(
  { seed, records: timed, calmSeconds }: RollingOptions,
  cleanUps: CleanUps,
  say: (line: string) => void,
): Promise<ChaosReport> {
  const env = { RATE_LIMIT_PER_SECOND: '100000', SHUTDOWN_SECONDS: String(SHUTDOWN_SECONDS) }
  const system = await WeirSystem.start(env, { instances: INSTANCES })
  cleanUps.push(() => system.stop())
  await prepare(system)
  // More than a rolling restart takes at any load that this machine can bear.
  const records = workload(WARM_UP + timed + 1_000_000, PLATFORMS, seed)
  await saturation(system, take(records, WARM_UP))
  const perSecond = await saturation(system, take(records, timed))
  say(`saturation: ${perSecond.toFixed(0)} records a second; load: ${(perSecond * LOAD).toFixed(0)}`)

  const directives = await system.follow(...PLATFORMS.map((id) => `weir.out.${id}.directives.v1`))
  const times = new DirectiveTimes()
  const load = new SteadyLoad(system, records, perSecond * LOAD, randomFrom(seed + 1), (record, dueAt) =>
    times.sent(record, dueAt),
  )
  load.start()
  await sleep(2 * calmSeconds * 1_000)
  const restarts: WatchedRestart[] = []
  for (const service of SERVICES.flatMap((name) => system.instancesOf(name))) {
    const restart = await restartWatched(service)
    restarts.push(restart)
    say(lineOf(restart))
    await sleep(calmSeconds * 1_000)
  }
  await load.stop()
  const undrained = await system.drained(PLATFORMS, DRAIN_WITHIN_SECONDS).then(
    () => undefined,
    (error: unknown) => String(error),
  )
  if (undrained) for (const stand of await tellServices(system)) say(stand)
  const judgement = await compare(system)
  const missing = load.missingFrom(judgement.input.map(({ value }) => value))
  const { counts, complaints } = complaintsOf({ judgement, missing, undrained })
  const all = times.of(directives)
  const starts = restarts.map(({ from }) => from)
  const between = (from: number, to: number): Summary =>
    summaryOf(all.filter(({ dueAt }) => dueAt >= from && dueAt < to))
  const before = between(0, starts[0]!)
  const during = between(starts[0]!, Infinity)
  const each = starts.map((from, i) => between(from, starts[i + 1] ?? Infinity))
  complaints.push(...restarts.flatMap(disorderOf))
  if (during.p99 === null || during.p99 >= P99_BELOW_MS)
    complaints.push(
      `late: p99 from a message to its directive is ${secondsOf(during.p99)}; it must be below ${secondsOf(P99_BELOW_MS)}`,
    )
  const { lost, duplicate, unseen, invented, wrong } = counts
  return {
    content: complaints.length === 0,
    lines: [
      '',
      `saturation: ${perSecond.toFixed(0)} records a second; load: ${(perSecond * LOAD).toFixed(0)}; ${load.sent} sent`,
      ...restarts.flatMap((restart, i) => [lineOf(restart), `  from then on: ${textOf(each[i]!)}`]),
      `message to directive before:       ${textOf(before)}`,
      `message to directive during it:    ${textOf(during)}`,
      ...complaints,
      `oracle: lost ${lost}, duplicate ${duplicate}, unseen ${unseen}, invented ${invented}, wrong ${wrong}`,
      `rolling: ${restarts.length} restarts, ${load.sent} messages, lost ${lost}, duplicate effects ${duplicate}, unseen ${unseen}, p99 ${secondsOf(during.p99)}`,
    ],
    figures: {
      seed,
      perSecond,
      load: perSecond * LOAD,
      sent: load.sent,
      restarts: restarts.map((restart, i) => ({ ...restart, directives: each[i] })),
      before,
      during,
      oracle: counts,
      complaints,
    },
  }
}

/** Records a second that all instances take, from the first one sent to the last effect. */
async function saturation(system: WeirSystem, records: OutgoingRecord[]): Promise<number> {
  const from = Date.now()
  await send(system, records, 500)
  await system.drained(PLATFORMS, DRAIN_WITHIN_SECONDS)
  return (records.length * 1_000) / (Date.now() - from)
}

function take(records: Iterator<OutgoingRecord>, count: number): OutgoingRecord[] {
  return Array.from({ length: count }, () => records.next().value as OutgoingRecord)
}

/** What a restart did that none may do. */
function disorderOf({ service, port, exitCode, stoppedInMs, wavered, unready }: WatchedRestart): string[] {
  const name = `${service}:${port}`
  return [
    ...(exitCode === 0 ? [] : [`${name} ended with ${exitCode}`]),
    ...(stoppedInMs < SHUTDOWN_SECONDS * 1_000 ? [] : [`${name} took ${stoppedInMs} ms to stop`]),
    ...(unready > 0 ? [] : [`${name} never said that it was not ready`]),
    ...(wavered ? [`${name} said that it was ready while it stopped`] : []),
  ]
}

interface Summary {
  readonly count: number
  readonly p50: number | null
  readonly p99: number | null
  readonly max: number | null
}

function summaryOf(times: readonly DirectiveTime[]): Summary {
  const all = times.map(({ ms }) => ms)
  return {
    count: all.length,
    p50: percentile(all, 50),
    p99: percentile(all, 99),
    max: percentile(all, 100),
  }
}

const textOf = ({ count, p50, p99, max }: Summary): string =>
  `${count} directives, p50 ${secondsOf(p50)}, p99 ${secondsOf(p99)}, worst ${secondsOf(max)}`

const secondsOf = (ms: number | null): string => (ms === null ? '-' : `${(ms / 1_000).toFixed(2)} s`)

function lineOf({ service, port, stoppedInMs, exitCode, unready, readyInMs }: WatchedRestart): string {
  return `${`${service}:${port}`.padEnd(22)} stopped in ${secondsOf(stoppedInMs)} (exit ${exitCode}, not ready ${unready} times), ready in ${secondsOf(readyInMs)}`
}
