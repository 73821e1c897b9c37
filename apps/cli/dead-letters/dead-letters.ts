import { Command, InvalidArgumentError } from 'commander'
import { readEnv, ServiceEnv } from '#libs/runtime/env'
import { DeadLetterReader } from '#libs/runtime/kafka/dead-letter-reader'
import { DeadLetterRedriver, type FailedRedrive } from '#libs/runtime/kafka/dead-letter-redriver'
import { Publisher } from '#libs/runtime/kafka/publisher'
import { TopicsAdmin } from '#libs/runtime/kafka/topics-admin'
import { createLogger } from '#libs/runtime/logger'
import { instantOption } from '../instant-option.js'
import { findLetter, findLetters } from './find-letters.js'
import { ALREADY_REDRIVEN } from './plan-redrive.rules.js'
import { letterJson, letterLines, listLines, summaryLines } from './print-letters.rules.js'
import { planRedrive, redrive, type RedrivePlan } from './redrive-letters.js'
import { type LetterFilter, parseAddress } from './select-letters.rules.js'

interface ListOptions extends LetterFilter {
  readonly limit: number
  readonly json?: true
  readonly summary?: true
}

interface RedriveOptions extends LetterFilter {
  readonly limit?: number
  readonly rate: number
  readonly dryRun?: true
  readonly again?: true
  readonly all?: true
}

function count(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('A whole number from 1 on.')
  return Number(text)
}

function address(text: string): string {
  const parsed = parseAddress(text)
  if (!parsed) throw new InvalidArgumentError('A letter is named <partition>/<offset>, as `list` shows it.')
  return `${parsed.partition}/${parsed.offset}`
}

function withFilters(command: Command): Command {
  return command
    .option('--reason <slug>', 'given up for this reason')
    .option('--topic <name>', 'came from this topic')
    .option('--platform <id>', 'records of this platform')
    .option('--service <name>', 'given up by this service')
    .option('--from <instant>', 'given up at this instant (RFC 3339) or later', instantOption)
    .option('--to <instant>', 'given up before this instant', instantOption)
}

/** `weir dead-letters list`, `show` and `redrive`. */
export function deadLettersCommand(): Command {
  const command = new Command('dead-letters').description('Records that could not be handled, and why.')
  withFilters(command.command('list'))
    .description('Lists letters, the newest last; never what their records hold.')
    .option('--limit <n>', 'the newest so many', count, 100)
    .option('--summary', 'counts them by reason and topic instead')
    .option('--json', 'one line of JSON for each')
    .action((options: ListOptions) => list(options))
  command
    .command('show')
    .description('Prints one letter with all that its record holds. It may be harmful or personal.')
    .argument('<letter>', '<partition>/<offset>, as list shows it', address)
    .option('--raw', 'the bytes of the value as they are, and nothing else')
    .action((letter: string, options: { raw?: true }) => show(letter, options.raw === true))
  withFilters(command.command('redrive'))
    .description('Puts letters back on the topic that they came from: key, value and headers as they were.')
    .argument(
      '[letters...]',
      'these; without any, those that the filters mean',
      (text: string, others: string[] = []) => [...others, address(text)],
    )
    .option('--all', 'every letter; without filters this is needed')
    .option('--limit <n>', 'the oldest so many', count)
    .option('--rate <n>', 'records a second', count, 100)
    .option('--dry-run', 'only says what would be done')
    .option('--again', 'letters too that were redriven already')
    .action((letters: string[] | undefined, options: RedriveOptions, self: Command) =>
      redriveLetters(letters ?? [], options, self),
    )
  return command
}

function open() {
  const env = readEnv(ServiceEnv)
  const logger = createLogger('cli', 'silent')
  const topics = new TopicsAdmin(env, logger)
  return { env, logger, topics, reader: new DeadLetterReader(env, logger, topics) }
}

function print(lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''))
}

async function list(options: ListOptions): Promise<void> {
  const { limit, json, summary } = options
  const { listed, counts, total } = await findLetters(open().reader, options, limit)
  if (json) return print(summary ? counts.map((one) => JSON.stringify(one)) : listed.map(letterJson))
  if (total === 0) return print(['no letters'])
  if (summary) return print([...summaryLines(counts), `${total} in all`])
  print(listLines(listed))
  if (total > listed.length) print([`the newest ${listed.length} of ${total}; --limit shows more`])
}

async function show(letter: string, raw: boolean): Promise<void> {
  const found = await findLetter(open().reader, parseAddress(letter)!)
  if (raw) process.stdout.write(found.letter.value ?? '')
  else print(letterLines(found))
}

async function redriveLetters(letters: string[], options: RedriveOptions, self: Command): Promise<void> {
  const { reason, topic, platform, service, from, to, all, again, dryRun, rate, limit } = options
  const filtered = [reason, topic, platform, service, from, to].some((one) => one !== undefined)
  if ([letters.length > 0, filtered, all === true].filter(Boolean).length !== 1) {
    self.error('error: name letters, or give filters, or --all', { exitCode: 2 })
  }
  const { env, logger, topics, reader } = open()
  const publisher = new Publisher(env, 'cli', logger)
  try {
    const plan = await planRedrive(reader, topics, {
      addresses: new Set(letters),
      filter: options,
      again: again === true,
      limit: limit ?? Infinity,
    })
    printRefused(plan.refused)
    let failed: FailedRedrive[] = []
    if (dryRun) print([`letters that would be redriven: ${plan.letters.length}`, ...targets(plan)])
    else failed = await carryOut(reader, new DeadLetterRedriver(publisher), plan, rate)
    const refused = plan.refused.filter(({ why }) => letters.length > 0 || why !== ALREADY_REDRIVEN)
    const bad = refused.length + failed.length
    if (bad > 0) throw new Error(`letters that were not redriven: ${bad}`)
  } finally {
    await publisher.onApplicationShutdown()
  }
}

async function carryOut(
  reader: DeadLetterReader,
  redriver: DeadLetterRedriver,
  { letters }: RedrivePlan,
  rate: number,
): Promise<FailedRedrive[]> {
  const stop = new AbortController()
  const onInterrupt = (): void => stop.abort()
  process.once('SIGINT', onInterrupt)
  let sent = 0
  let failed: FailedRedrive[] = []
  const outcome = (): string => `redrove ${sent} of ${letters.length} letters`
  const goOn = 'The same command goes on with the rest; with --again it begins anew.'
  try {
    failed = await redrive(reader, redriver, letters, rate, (count) => (sent = count), stop.signal)
  } catch (error) {
    throw new Error(`${outcome()}, then failed. ${goOn}`, { cause: error })
  } finally {
    process.removeListener('SIGINT', onInterrupt)
  }
  printRefused(failed)
  print([outcome()])
  if (sent + failed.length < letters.length) throw new Error(`stopped. ${goOn}`)
  return failed
}

/** Letters that share a cause share a line. */
function printRefused(refused: readonly FailedRedrive[]): void {
  for (const [why, some] of Map.groupBy(refused, (one) => one.why)) {
    const [first, ...more] = some.map(({ letter }) => letter.address)
    print([`not redriven: ${first}${more.length > 0 ? ` and ${more.length} more` : ''}: ${why}`])
  }
}

function targets({ letters }: RedrivePlan): string[] {
  const topics = Map.groupBy(letters, ({ topic }) => topic)
  return [...topics].map(([topic, some]) => `${some.length} to ${topic}`)
}
