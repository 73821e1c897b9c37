import { setTimeout as sleep } from 'node:timers/promises'
import { SERVICES } from '#libs/contracts/catalogue'
import { compare, PLATFORMS } from '../faults/bench.js'
import { randomFrom } from '../faults/workload.js'
import { wayOf } from '../harness/weir-system.js'
import type { ChaosOptions } from './chaos-options.js'
import { type ChaosReport, FaultLog, reportOf } from './chaos-report.js'
import type { Fault, Ground } from './fault.js'
import { FAULTS } from './faults.js'
import { type CleanUps, startGround } from './ground.js'
import { LagWatch } from './lag-watch.js'
import { type PlannedFault, planFaults } from './plan-faults.js'
import { tellServices } from './tell-services.js'

/** Weir has caught up when its oldest open record is younger. */
const CAUGHT_UP_MS = 1_000
const CATCH_UP_WITHIN_SECONDS = 120
const DRAIN_WITHIN_SECONDS = 300

/**
 * Starts Weir, harms it for as long as asked while records stream in, heals everything, lets it drain, and has the oracle
 * compare. `say` is told of each fault. What is left to be stopped is in `cleanUps`, whatever happens.
 */
export async function runChaos(
  options: ChaosOptions,
  cleanUps: CleanUps,
  say: (line: string) => void,
): Promise<ChaosReport> {
  const ground = await startGround(options, cleanUps)
  const { system, load } = ground
  const watch = new LagWatch(system.stack.kafkaBrokers, wayOf(PLATFORMS))
  cleanUps.push(() => watch.stop())
  const log = new FaultLog()
  superviseServices(ground, log, say)
  const faults = fitting(options, ground, log)
  const start = Date.now()
  load.start()
  watch.start()
  const plan = planFaults(
    options.seed,
    faults.map(({ kind }) => kind),
    options.pace,
  )
  const most = (options.rounds ?? Infinity) * faults.length
  for (const planned of plan) {
    if (Date.now() - start >= options.minutes * 60_000 || log.faults.length >= most) break
    const fault = faults.find(({ kind }) => kind === planned.kind)!
    await injectAndHeal(planned, fault, ground, watch, log, (line) =>
      say(`${((Date.now() - start) / 1_000).toFixed(0).padStart(5)} s  ${line}`),
    )
  }
  await load.stop()
  const seconds = (Date.now() - start) / 1_000
  say(`drain: ${load.sent} records sent in ${seconds.toFixed(0)} s`)
  const drainFrom = Date.now()
  const undrained = await system.drained(PLATFORMS, DRAIN_WITHIN_SECONDS).then(
    () => undefined,
    (error: unknown) => String(error),
  )
  const drainMs = Date.now() - drainFrom
  if (undrained) for (const stand of await tellServices(system)) say(stand)
  await watch.stop()
  const judgeFrom = Date.now()
  const judgement = await compare(system, ground.archive)
  const missing = load.missingFrom(judgement.input.map(({ value }) => value))
  return reportOf({
    options,
    log,
    judgement,
    sent: load.sent,
    missing,
    undrained,
    seconds,
    drainMs,
    judgeMs: Date.now() - judgeFrom,
    worstAges: watch.worstAges,
    cuts: ground.proxy?.cuts ?? 0,
  })
}

/** The faults that were asked for and that this machine allows; the others are told of. */
function fitting(options: ChaosOptions, ground: Ground, log: FaultLog): Fault[] {
  const unknown = options.only.filter((kind) => !FAULTS.some((fault) => fault.kind === kind))
  if (unknown.length > 0) throw new TypeError(`There is no fault ${unknown.join()}: ${kindsOf(FAULTS)}.`)
  const wanted = FAULTS.filter(({ kind }) => options.only.length === 0 || options.only.includes(kind))
  return wanted.filter((fault) => {
    const why = fault.unfit?.(ground)
    if (why !== undefined) log.skipped.push({ kind: fault.kind, why })
    return why === undefined
  })
}

const kindsOf = (faults: readonly Fault[]): string => faults.map(({ kind }) => kind).join(', ')

async function injectAndHeal(
  planned: PlannedFault,
  fault: Fault,
  ground: Ground,
  watch: LagWatch,
  log: FaultLog,
  say: (line: string) => void,
): Promise<void> {
  const from = Date.now()
  const heal = await fault.inject(ground, randomFrom(planned.seed))
  await sleep(Math.max(planned.holdMs, fault.leastMs ?? 0))
  await heal()
  const healedAt = Date.now()
  const waited = planned.awaitsCatchUp
  const caughtUp = waited && (await watch.caughtUp(CAUGHT_UP_MS, CATCH_UP_WITHIN_SECONDS))
  const catchUpMs = caughtUp ? Date.now() - healedAt : undefined
  log.add({ kind: fault.kind, lastedMs: healedAt - from, catchUpMs, late: waited && !caughtUp })
  const stands = waited && !caughtUp ? await tellServices(ground.system) : []
  const how = caughtUp ? `caught up in ${catchUpMs} ms` : waited ? 'NOT CAUGHT UP' : 'the next one at once'
  say(`${fault.kind}: ${healedAt - from} ms, ${how}`)
  for (const stand of stands) say(stand)
  await sleep(planned.pauseMs)
}

/** A service that ends by itself is started again, as it would be anywhere, and told of. */
function superviseServices({ system }: Ground, log: FaultLog, say: (line: string) => void): void {
  for (const service of SERVICES.flatMap((name) => system.instancesOf(name))) {
    service.onUnexpectedEnd((error) => {
      log.endedByThemselves.push(error.message)
      say(`       ${error.message}`)
      service.restart().catch((cause: unknown) => say(`       ${String(cause).split('\n', 1)[0]}`))
    })
  }
}
