import type { Judgement } from '../faults/bench.js'
import { type Kind, summaryOf } from '../faults/differences.js'
import type { ChaosOptions } from './chaos-options.js'

interface LoggedFault {
  readonly kind: string
  /** From the harm to the end of the healing, milliseconds. */
  readonly lastedMs: number
  /** From there until nothing older than a second was open; undefined where nobody waited for it. */
  readonly catchUpMs: number | undefined
  /** Whether it was waited for in vain. */
  readonly late: boolean
}

/** What was done to Weir. */
export class FaultLog {
  readonly faults: LoggedFault[] = []
  readonly skipped: { kind: string; why: string }[] = []
  readonly endedByThemselves: string[] = []

  add(fault: LoggedFault): void {
    this.faults.push(fault)
  }
}

export interface Run {
  readonly options: ChaosOptions
  readonly log: FaultLog
  readonly judgement: Judgement
  readonly sent: number
  /** Acknowledged by the broker, and not on the input topic. */
  readonly missing: number
  /** Why it did not drain. */
  readonly undrained: string | undefined
  readonly seconds: number
  readonly drainMs: number
  readonly judgeMs: number
  readonly worstAges: ReadonlyMap<string, number>
  /** Connections that the proxy has cut. */
  readonly cuts: number
}

const KINDS: readonly Kind[] = ['lost', 'duplicate', 'unseen', 'invented', 'wrong']

export interface ChaosReport {
  /** Whether the oracle has nothing to complain of. */
  readonly content: boolean
  /** For people; the last line says it all. */
  readonly lines: readonly string[]
  readonly figures: object
}

/** What the oracle has to complain of, by kind and in words. */
export function complaintsOf({
  judgement: { found },
  missing,
  undrained,
}: Pick<Run, 'judgement' | 'missing' | 'undrained'>): { counts: Record<Kind, number>; complaints: string[] } {
  const counts = Object.fromEntries(
    KINDS.map((kind) => [kind, found.filter((one) => one.kind === kind).length]),
  ) as Record<Kind, number>
  counts.lost += missing
  const complaints = [
    ...(found.length > 0 ? summaryOf(found).split('\n') : []),
    ...(missing > 0 ? [`lost: ${missing} records that the broker had acknowledged`] : []),
    ...(undrained === undefined ? [] : [undrained]),
  ]
  return { counts, complaints }
}

/** What a run has shown. */
export function reportOf(run: Run): ChaosReport {
  const { options, log, judgement, sent, missing, undrained, worstAges } = run
  const { expected, input } = judgement
  const { counts, complaints } = complaintsOf({ judgement, missing, undrained })
  const faults = faultTable(log)
  const effects = effectsOf(judgement)
  const worstLagMs = Math.max(0, ...worstAges.values())
  const figures = {
    seed: options.seed,
    minutes: options.minutes,
    recordsPerSecond: options.recordsPerSecond,
    cluster: options.cluster,
    instances: options.instances,
    sabotage: options.sabotage ?? null,
    seconds: run.seconds,
    faults,
    skipped: log.skipped,
    endedByThemselves: log.endedByThemselves,
    cutConnections: run.cuts,
    messages: { sent, onTopics: input.length, valid: expected.valid.length, private: expected.privates },
    effects,
    worstLagMs: { all: worstLagMs, ...Object.fromEntries(worstAges) },
    drainMs: run.drainMs,
    judgeMs: run.judgeMs,
    memoryMb: Math.round(process.memoryUsage().rss / 2 ** 20),
    oracle: counts,
    complaints,
  }
  const { lost, duplicate, unseen, invented, wrong } = counts
  const lines = [
    '',
    'fault                      times   catch-up median      worst',
    ...faults.map(
      ({ kind, times, medianCatchUpMs, worstCatchUpMs, late }) =>
        `${kind.padEnd(26)} ${String(times).padStart(5)} ${seconds(medianCatchUpMs)} ${seconds(worstCatchUpMs)}${late > 0 ? `  ${late} times not within the time` : ''}`,
    ),
    ...log.skipped.map(({ kind, why }) => `${kind.padEnd(26)} skipped: ${why}`),
    '',
    `input: ${sent} records acknowledged, ${input.length} on the topics: ${expected.valid.length} valid, ${expected.privates} private, ${expected.deadLetters.size} to be dead letters`,
    `effects by id: ${Object.entries(effects.byId)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')}`,
    `records published again under their id: ${effects.publishedAgain}`,
    `worst lag: ${[...worstAges].map(([topic, ms]) => `${topic} ${(ms / 1_000).toFixed(1)} s`).join(', ')}`,
    `drained in ${(run.drainMs / 1_000).toFixed(1)} s, judged in ${(run.judgeMs / 1_000).toFixed(1)} s, ${figures.memoryMb} MB`,
    `services that ended by themselves: ${log.endedByThemselves.length}; connections cut after a store: ${run.cuts}`,
    ...complaints,
    `oracle: lost ${lost}, duplicate ${duplicate}, unseen ${unseen}, invented ${invented}, wrong ${wrong}`,
    `chaos: ${log.faults.length} faults, ${sent} messages, lost ${lost}, duplicate effects ${duplicate}, unseen ${unseen}`,
  ]
  return { content: complaints.length === 0, lines, figures }
}

interface FaultRow {
  readonly kind: string
  readonly times: number
  readonly medianCatchUpMs: number | null
  readonly worstCatchUpMs: number | null
  readonly late: number
}

function faultTable({ faults }: FaultLog): FaultRow[] {
  const kinds = [...Map.groupBy(faults, ({ kind }) => kind)].sort(([a], [b]) => (a < b ? -1 : 1))
  return kinds.map(([kind, some]) => {
    const caughtUp = some.flatMap(({ catchUpMs }) => catchUpMs ?? []).sort((a, b) => a - b)
    return {
      kind,
      times: some.length,
      medianCatchUpMs: caughtUp[caughtUp.length >> 1] ?? null,
      worstCatchUpMs: caughtUp.at(-1) ?? null,
      late: some.filter(({ late }) => late).length,
    }
  })
}

function seconds(ms: number | null): string {
  return (ms === null ? '-' : `${(ms / 1_000).toFixed(1)} s`).padStart(10)
}

/** How many effects there are, each counted once, and how many records came more than once. */
function effectsOf({ observed }: Judgement): { byId: Record<string, number>; publishedAgain: number } {
  const ids = new Map<string, Set<string>>()
  let identified = 0
  for (const { topic, headers } of observed.records) {
    const id = headers['ce_id']
    if (id === undefined) continue
    identified += 1
    ids.set(topic, (ids.get(topic) ?? new Set()).add(id))
  }
  const published = [...ids.values()].reduce((sum, some) => sum + some.size, 0)
  return {
    byId: {
      strikes: observed.accounts.reduce((sum, account) => sum + account.strikes.length, 0),
      'case entries': observed.entries.length,
      directives: observed.directives.length,
      statements: observed.statements.length,
      notices: observed.notices.length,
      events: ids.get('weir.events.v1')?.size ?? 0,
      'audit entries': new Set(observed.audit.map(({ entryId }) => entryId)).size,
    },
    publishedAgain: identified - published,
  }
}
