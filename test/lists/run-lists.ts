import 'reflect-metadata'
import { build } from 'hdr-histogram-js'
import { mongo } from 'mongoose'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Topics } from '#libs/contracts/catalogue'
import type { Directive } from '#libs/contracts/directive'
import { parsePolicy } from '#libs/policy/parse-policy'
import { aVerdict } from '../../apps/enforcement/ledger/a-verdict.fixture.js'
import { WeirSystem } from '../harness/weir-system.js'
import { fillAuditLog } from './fill-audit-log.js'
import { fillDatabase, templateOf } from './fill-database.js'
import { listRequests } from './list-requests.js'

const PLATFORM = 'p1'
const RATE = 50
const SECONDS = 4
const MAX_MS = 50
const READER = { roles: ['auditor' as const] }
/** A page of 50, its own index entries, and those of a few that a filter leaves out. */
const MAX_EXAMINED = 5_000
const say = (line: string) => void process.stderr.write(`${line}\n`)

/** How often each of the accounts is copied: their ids are no words that stand elsewhere. */
const WEIGHTS = {
  't-warned': 60,
  't-limited': 20,
  't-suspended': 5,
  't-held': 1,
  't-review': 20,
  't-violent': 4,
}

interface Measured {
  readonly path: string
  readonly p50: number
  readonly p95: number
  readonly items: number
  readonly plans: string
  readonly examined: number
}

/** Accounts of each sort, made by the services themselves from verdicts. */
async function makeTemplates(system: WeirSystem): Promise<void> {
  await system.register(PLATFORM)
  const clauses = Object.entries(parsePolicy(readFileSync('policies/default.yaml', 'utf8')).policy!.clauses)
  const harmful = (account: string, i: number, severity: 1 | 2 | 3, more: object = {}) => {
    const clause = clauses.find(([, one]) => one.severity === severity)![0]
    // Not the account's whole id: the copies of it say the same.
    const word = account.slice(2)
    const text = `Whoever pays ${word} number ${i} a small fee today is given much more tomorrow.`
    const value = aVerdict(account, `${account}-m${i}`, { severity, clause, text, ...more })
    value.message.links = [`https://${word}.example/${i}`]
    return value
  }
  const verdicts = [
    harmful('t-warned', 1, 1),
    ...[1, 2].map((i) => harmful('t-limited', i, 2)),
    ...[1, 2].map((i) => harmful('t-suspended', i, 3)),
    ...[1, 2].map((i) => harmful('t-held', i, 3, { followers: null })),
    harmful('t-review', 1, 2, { outcome: 'review' }),
    harmful('t-violent', 1, 2, { outcome: 'review', category: 'violence' }),
  ]
  await system.produce(
    Topics.verdicts.name,
    verdicts.map((value) => ({ key: `${value.platformId}/${value.accountId}`, value })),
  )
  await system.drained([PLATFORM], 60)
  const { body } = await system.call<{ items: Directive[] }>(
    'enforcement',
    `/v1/directives?platform=${PLATFORM}&account=t-suspended`,
    { roles: ['platform'], platform: PLATFORM },
  )
  const suspension = body.items.find(({ kind }) => kind === 'suspend_account')!
  const token = new URL(suspension.appealUrl!).searchParams.get('token')
  const json = { token, text: 'It was not like that.' }
  const { status } = await system.call('enforcement', '/v1/appeals', { roles: [] }, { json })
  if (status !== 201) throw new Error(`The appeal was answered ${status}.`)
}

/** The answers of one request at a fixed rate, timed from when each was to be sent. */
async function timed(url: string, token: string): Promise<{ p50: number; p95: number; items: number }> {
  const histogram = build({ lowestDiscernibleValue: 1, highestTrackableValue: 60_000_000 })
  let items = 0
  const once = async (due: number): Promise<void> => {
    const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
    const body = (await response.json()) as { items?: unknown[] }
    if (response.status !== 200) throw new Error(`${url} answered ${response.status}.`)
    items = body.items?.length ?? 1
    histogram.recordValue(Math.max(1, Math.round((performance.now() - due) * 1_000)))
  }
  for (let i = 0; i < 5; i++) await once(performance.now())
  histogram.reset()
  const start = performance.now()
  const all: Promise<void>[] = []
  for (let i = 0; i < RATE * SECONDS; i++) {
    const due = start + (i * 1_000) / RATE
    await sleep(Math.max(0, due - performance.now()))
    all.push(once(due))
  }
  await Promise.all(all)
  const at = (percentile: number) => histogram.getValueAtPercentile(percentile) / 1_000
  return { p50: at(50), p95: at(95), items }
}

/** How MongoDB found the answers of one request, by its profiler: the plans, and the most documents or keys that one looked at. */
async function planned(
  database: mongo.Db,
  collections: readonly string[],
  ask: () => Promise<unknown>,
): Promise<{ plans: string; examined: number }> {
  await database.command({ profile: 0 })
  await database
    .collection('system.profile')
    .drop()
    .catch(() => undefined)
  await database.command({ profile: 2 })
  await ask()
  await database.command({ profile: 0 })
  const queries = await database
    .collection<mongo.Document>('system.profile')
    .find({
      ns: { $in: collections.map((name) => `${database.databaseName}.${name}`) },
      docsExamined: { $exists: true },
    })
    .toArray()
  const plans = queries.flatMap((query) => {
    // Of ranges that are merged each is told.
    const ways = String(query['planSummary'] ?? 'LOOKUP').split(/, (?=[A-Z])/)
    return ways.map((way) => `${way}${query['hasSortStage'] === true ? ' + SORT' : ''}`)
  })
  const examined = Math.max(
    0,
    ...queries.map((query) => Math.max(Number(query['docsExamined']), Number(query['keysExamined']))),
  )
  return { plans: [...new Set(plans)].join('; '), examined }
}

/** Counted at most every 30 seconds, from an index alone, and answered from memory. */
const REMEMBERED = '/v1/queues'
const KEPT_OF_ACCOUNT = ['case_entries', 'strikes', 'decisions', 'directives', 'findings', 'appeals']

/** Where a list comes from; of a page about one account, the account. */
function collectionsOf(path: string): string[] {
  const [, , list = '', ...rest] = new URL(path, 'http://x').pathname.split('/')
  if (rest.at(-1) === 'copies') return ['case_entries', 'cases']
  if (rest.at(-1) === 'timeline') return [list, ...KEPT_OF_ACCOUNT]
  // A search for many keys at once belongs to no collection.
  if (rest.at(-1) === 'related') return ['case_entries', 'accounts', '$cmd.aggregate']
  return [{ 'statements-of-reasons': 'statements', audit: 'audit_log', queues: 'cases' }[list] ?? list]
}

const { values } = parseArgs({
  options: {
    accounts: { type: 'string', default: '1000000' },
    cases: { type: 'string', default: '200000' },
    only: { type: 'string', default: '' },
    assert: { type: 'boolean', default: false },
  },
})
const system = await WeirSystem.start()
const client = new mongo.MongoClient(system.stack.mongoUri)
try {
  await client.connect()
  const database = client.db('weir_enforcement')
  await makeTemplates(system)
  const templates = await Promise.all(
    Object.entries(WEIGHTS).map(async ([accountId, weight]) => {
      const of = await templateOf(database, accountId)
      if (!of.has('cases')) throw new Error(`The account ${accountId} has no case.`)
      return { accountId, weight, of }
    }),
  )
  const sizes = { accounts: Number(values.accounts), cases: Number(values.cases) }
  await fillDatabase(database, templates, sizes, (done) => {
    if (done % 100_000 === 0) say(`${done} accounts …`)
  })
  await fillAuditLog(database, sizes.cases)
  const token = await system.token(READER)
  const measured: Measured[] = []
  const ofAccount = await database.collection<{ _id: string }>('cases').findOne({ accountId: 'acc-777' })
  if (!ofAccount) throw new Error('The account acc-777 has no case.')
  const wanted = values.only.split(',')
  const paths = listRequests('acc-777', ofAccount._id).filter((path) =>
    wanted.some((part) => decodeURIComponent(path).includes(part)),
  )
  for (const path of paths) {
    const url = `${system.services.enforcement.url}${path}`
    const latency = await timed(url, token)
    const plan = await planned(database, collectionsOf(path), () => system.call('enforcement', path, READER))
    measured.push({ path, ...latency, ...plan })
    say(`${latency.p95.toFixed(1).padStart(8)} ms  ${path}  ${plan.plans}  ${plan.examined}`)
  }
  const rows = measured.map(
    ({ path, p50, p95, items, examined, plans }) =>
      `| ${decodeURIComponent(path)} | ${items} | ${p50.toFixed(1)} | ${p95.toFixed(1)} | ${examined} | ${plans} |`,
  )
  const bad = measured.filter(
    ({ path, p95, plans, examined }) =>
      // Without a plan it was looked for in the wrong collection.
      p95 > MAX_MS ||
      (plans === '' && path !== REMEMBERED) ||
      plans.includes('COLLSCAN') ||
      examined > MAX_EXAMINED,
  )
  process.stdout.write(
    [
      `${sizes.accounts} accounts, ${sizes.cases} cases; ${RATE} requests/s for ${SECONDS} s each.`,
      '',
      '| request | items | p50 ms | p95 ms | looked at | plan |',
      '| --- | --- | --- | --- | --- | --- |',
      ...rows,
      '',
      `${measured.length - bad.length} of ${measured.length} within ${MAX_MS} ms at p95, by index, looking at no more than ${MAX_EXAMINED}.`,
      '',
    ].join('\n'),
  )
  process.exitCode = values.assert && bad.length > 0 ? 1 : 0
} finally {
  await client.close()
  await system.stop()
}
process.exit()
