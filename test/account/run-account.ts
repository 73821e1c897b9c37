import 'reflect-metadata'
import { parseArgs } from 'node:util'
import { PlatformTopics, Topics } from '#libs/contracts/catalogue'
import type { Directive } from '#libs/contracts/directive'
import { loadBacklog } from '../bench/load-backlog.js'
import { type Latency, openLoop } from '../bench/open-loop.js'
import { outsideKafka } from '../harness/outside-kafka.js'
import { WeirSystem } from '../harness/weir-system.js'
import { floodAccount, largestDocuments, LOUD, PLATFORM, recordOf, verdictMaker } from './flood-account.js'

const MEGABYTE = 1_000_000
const FLAT = 1.3
const TIMES_QUIET = 2
/** Messages a second of other accounts, each of an account of its own; and of what comes beside them. */
const RATE = 20
const BESIDE_RATE = 100
/** Accounts that the load is spread over with which that of the one account is compared. */
const ORDINARY = 500
const SECONDS = 60
/** Of one of several rounds. */
const ROUND_SECONDS = 30
const WARM = 5_000
const say = (line: string) => void process.stderr.write(`${line}\n`)
const print = (line: string) => void process.stdout.write(`${line}\n`)

/** What comes beside the others: the account of each message, which is its account's `n`th. */
type Beside = (i: number) => [accountId: string, n: number]

/** From when the verdict on another account was to be sent until its first directive. */
async function latencyOfOthers(
  system: WeirSystem,
  run: string,
  beside?: Beside,
  seconds = SECONDS,
): Promise<Latency> {
  const make = verdictMaker()
  const besideRate = beside ? BESIDE_RATE : 0
  const share = besideRate / RATE
  let i = 0
  return openLoop({
    kafka: outsideKafka(system.stack.kafkaBrokers),
    input: Topics.verdicts.name,
    output: PlatformTopics.directives.name.replace('<platformId>', PLATFORM),
    rate: RATE + besideRate,
    seconds,
    make: (n, sentAt) =>
      recordOf(beside && n % (share + 1) > 0 ? make(...beside(i++), sentAt) : make(`${run}-${n}`, n, sentAt)),
    numberOf: (value) => {
      const { accountId } = JSON.parse(value) as Directive
      return accountId.startsWith(`${run}-`) ? Number(accountId.slice(run.length + 1)) : undefined
    },
    expected: RATE * seconds,
    charged: [...Object.values(system.services), system.stack.kafka!, system.stack.mongo!],
  })
}

/** Quiet and beside the one account, again and again: to compare what is before and after a change, in turn. */
async function inRounds(system: WeirSystem, rounds: number): Promise<void> {
  print('| round | cores busy | p50 quiet, ms | beside | p99 quiet | beside | times |')
  print('| --- | --- | --- | --- | --- | --- | --- |')
  const perRound = BESIDE_RATE * ROUND_SECONDS
  for (let round = 0; round < rounds; round++) {
    const quiet = await latencyOfOthers(system, `quiet${round}`, undefined, ROUND_SECONDS)
    const loud: Beside = (i) => [LOUD, round * perRound + i]
    const beside = await latencyOfOthers(system, `beside${round}`, loud, ROUND_SECONDS)
    await system.drained([PLATFORM], 300)
    const times = [quiet.p50, beside.p50, quiet.p99, beside.p99].map((ms) => ms.toFixed(0))
    const cells = [round + 1, beside.cores.toFixed(2), ...times, (beside.p99 / quiet.p99).toFixed(2)]
    print(`| ${cells.join(' | ')} |`)
  }
}

/** Says whether every bar is met. */
async function whole(system: WeirSystem, messages: number): Promise<boolean> {
  const quiet = await latencyOfOthers(system, 'quiet')
  const flood = await floodAccount(system, messages, ({ enforcement, mongod }) =>
    say(`enforcement ${enforcement.toFixed(2)}, mongod ${mongod.toFixed(2)} CPU ms a message`),
  )
  // What the flood left to others is not to be measured with what it does beside them.
  await system.drained([PLATFORM], 600)
  const beside = await latencyOfOthers(system, 'beside', (i) => [LOUD, messages + i])
  await system.drained([PLATFORM], 300)
  const ordinary = await latencyOfOthers(system, 'control', (i) => [`ordinary-${i % ORDINARY}`, WARM + i])
  await system.drained([PLATFORM], 300)
  const largest = await largestDocuments(system)
  largest.set('accounts', Math.max(flood.largestAccount, largest.get('accounts') ?? 0))

  const cost = ({ enforcement, mongod }: (typeof flood.stretches)[number]) => enforcement + mongod
  const growth = cost(flood.stretches.at(-1)!) / cost(flood.stretches[1]!)
  const size = Math.max(...largest.values())
  const times = beside.p99 / quiet.p99
  const bar = (name: string, found: number, most: number, digits: number) =>
    `| ${name} | ≤ ${most} | ${found.toFixed(digits)} | ${found <= most ? 'met' : 'missed'} |`
  print(
    [
      `One account with ${messages} violating messages; others at ${RATE}/s, quiet and beside ${BESIDE_RATE}/s.`,
      '',
      '| tenth | enforcement, CPU ms a message | mongod |',
      '| --- | --- | --- |',
      ...flood.stretches.map(
        ({ enforcement, mongod }, i) => `| ${i + 1} | ${enforcement.toFixed(3)} | ${mongod.toFixed(3)} |`,
      ),
      '',
      '| collection | largest document, bytes |',
      '| --- | --- |',
      ...[...largest].sort(([, a], [, b]) => b - a).map(([name, bytes]) => `| ${name} | ${bytes} |`),
      '',
      `| others | cores busy | p50 ms | p99 ms | missing |`,
      '| --- | --- | --- | --- | --- |',
      ...Object.entries({
        quiet,
        'beside the one account': beside,
        [`beside ${ORDINARY} ordinary accounts`]: ordinary,
      }).map(
        ([name, { cores, p50, p99, missing }]) =>
          `| ${name} | ${cores.toFixed(2)} | ${p50.toFixed(0)} | ${p99.toFixed(0)} | ${missing} |`,
      ),
      '',
      '| bar | wanted | found | |',
      '| --- | --- | --- | --- |',
      bar('cost of the last tenth, times that of the second', growth, FLAT, 2),
      bar('the largest document, bytes', size, MEGABYTE, 0),
      bar('p99 of other accounts, times the quiet one', times, TIMES_QUIET, 2),
    ].join('\n'),
  )
  return growth <= FLAT && size <= MEGABYTE && times <= TIMES_QUIET && quiet.missing + beside.missing === 0
}

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '0' },
    assert: { type: 'boolean', default: false },
  },
})
const messages = Number(values.messages)
if (!Number.isInteger(messages) || messages < 10)
  throw new TypeError('--messages must be a number from 10 on.')
const rounds = Number(values.rounds)
if (!Number.isInteger(rounds) || rounds < 0) throw new TypeError('--rounds must be a number from 0 on.')
const system = await WeirSystem.start()
try {
  await system.register(PLATFORM)
  const make = verdictMaker()
  // Compiles what is hot.
  await loadBacklog(outsideKafka(system.stack.kafkaBrokers), Topics.verdicts.name, WARM, (n) =>
    recordOf(make(`ordinary-${n % ORDINARY}`, n)),
  )
  await system.drained([PLATFORM], 300)
  if (rounds > 0) await inRounds(system, rounds)
  else if (!(await whole(system, messages)) && values.assert) process.exitCode = 1
} finally {
  await system.stop()
}
process.exit()
