import 'reflect-metadata'
import { build } from 'hdr-histogram-js'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { numberFrom } from '../../apps/classification/training/seeded.js'
import { usageOf } from '../bench/process-usage.js'
import { eventually, WeirSystem } from '../harness/weir-system.js'

/**
 * Fills the bank of words with 100 000 entries by files, and sees how long it takes from the answer to one more entry until every instance of
 * classification judges by it, and until it judges no more by it once it is removed; and how long probes wait meanwhile. Exit code 1 where
 * one takes 10 s or more.
 */
const { values } = parseArgs({
  options: { entries: { type: 'string', default: '100000' }, rounds: { type: 'string', default: '5' } },
})
const ENTRIES = Number(values.entries)
const ROUNDS = Number(values.rounds)
const PER_FILE = 20_000
const MAX_SECONDS = 10
const [ANNA, BEN] = ['anna', 'ben'].map((subject) => ({ roles: ['policy_editor' as const], subject })) as [
  { roles: ['policy_editor']; subject: string },
  { roles: ['policy_editor']; subject: string },
]
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const secondsSince = (start: number): number => (performance.now() - start) / 1_000

/** As in a pod: k8s/base/classification.yaml. */
const HEAP = { NODE_OPTIONS: '--max-old-space-size=768' }
const system = await WeirSystem.start(
  { RATE_LIMIT_PER_SECOND: '10000' },
  { envOf: (service) => (service === 'classification' ? HEAP : {}) },
)
let failed = false
try {
  await system.register('p1')
  const second = await system.startAnother('classification')
  const urls = [system.services.classification.url, second.url]
  const sizes = watchSizes([system.services.classification.pid, second.pid])
  for (let from = 0; from < ENTRIES; from += PER_FILE) await fill(from, Math.min(ENTRIES, from + PER_FILE))
  const probes = probe(urls)
  await holds(urls, `word number ${ENTRIES - 1} of many`, true)
  say(`the last of ${ENTRIES} entries judges; probes meanwhile ${probes.end()}`)
  for (let round = 0; round < ROUNDS; round++) {
    const waits = probe(urls)
    const term = `a quite new trick ${round} ${'abcdefghij'[round % 10]}`
    const added = await entry(term)
    const start = performance.now()
    await holds(urls, term, true)
    const until = secondsSince(start)
    await system.call('enforcement', `/v1/banks/words/entries/${added}`, ANNA, { method: 'DELETE' })
    const again = performance.now()
    await holds(urls, term, false)
    const gone = secondsSince(again)
    failed ||= until >= MAX_SECONDS || gone >= MAX_SECONDS
    say(
      `added: judges everywhere after ${until.toFixed(1)} s; removed: after ${gone.toFixed(1)} s; probes ${waits.end()}`,
    )
  }
  say(`largest of an instance of classification: ${sizes.end()} MiB`)
} finally {
  await system.stop()
}
process.exit(failed ? 1 : 0)

/** Imports a file of words, and has a second person approve it. */
async function fill(from: number, to: number): Promise<void> {
  const next = numberFrom(from + 1)
  const letters = (n: number): string =>
    Array.from({ length: n }, () => String.fromCharCode(97 + Math.floor(next() * 26))).join('')
  const rows = Array.from({ length: to - from }, (_, i) => {
    const terms =
      i + from === ENTRIES - 1
        ? `word number ${i + from} of many`
        : `${letters(6)} ${letters(7)} ${letters(5)}`
    return `fraud/many,fraud,0.6,${terms},true`
  })
  const start = performance.now()
  const answer = await fetch(`${system.services.enforcement.url}/v1/banks/words/entries/import`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await system.token(ANNA)}`, 'content-type': 'text/csv' },
    body: ['id,category,score,terms,act', ...rows].join('\n'),
  })
  const { importId } = (await answer.json()) as { importId: string }
  if (!answer.ok) throw new Error(`The import was answered ${answer.status}.`)
  const imported = secondsSince(start)
  const path = `/v1/banks/words/entries/imports/${importId}/approve`
  const { status } = await system.call('enforcement', path, BEN, { json: {} })
  if (status !== 200) throw new Error(`The approval was answered ${status}.`)
  say(
    `${to} entries: imported in ${imported.toFixed(1)} s, approved in ${(secondsSince(start) - imported).toFixed(1)} s`,
  )
}

async function entry(term: string): Promise<string> {
  const json = { id: 'fraud/new', category: 'fraud', score: 0.95, terms: [term], act: true }
  const { status, body } = await system.call<{ entryId: string }>(
    'enforcement',
    '/v1/banks/words/entries',
    ANNA,
    { json },
  )
  if (status !== 201) throw new Error(`The entry was answered ${status}.`)
  return body.entryId
}

/** Resolves when every instance finds the term, or none. */
async function holds(urls: readonly string[], term: string, finds: boolean): Promise<void> {
  const token = await system.token({ roles: ['platform'], platform: 'p1' })
  await eventually(
    `${term} ${finds ? 'is' : 'is not'} found`,
    async () => {
      const outcomes = await Promise.all(urls.map((url) => outcomeAt(url, token, term)))
      return outcomes.every((outcome) => (outcome !== 'clear') === finds)
    },
    180,
  )
}

async function outcomeAt(url: string, token: string, text: string): Promise<string> {
  const answer = await fetch(`${url}/v1/classify`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      ...{ messageId: 'm', accountId: 'a', visibility: 'public', sentAt: '2026-11-24T07:00:00Z' },
      text: `Now ${text}, write to vx: parrot12345`,
    }),
  })
  return ((await answer.json()) as { outcome: string }).outcome
}

/** Looks each second at how much memory processes hold; says the most that one held. */
function watchSizes(pids: readonly number[]): { end: () => number } {
  let most = 0
  const timer = setInterval(() => {
    most = Math.max(most, ...pids.map((pid) => usageOf(pid).memory))
  }, 1_000)
  return {
    end: () => {
      clearInterval(timer)
      return Math.round(most)
    },
  }
}

/** Asks each instance whether it lives, every 50 ms, until it is ended; says how long it waited for the answers. */
function probe(urls: readonly string[]): { end: () => string } {
  const waits = build()
  const controller = new AbortController()
  for (const url of urls) {
    void (async () => {
      while (!controller.signal.aborted) {
        const start = performance.now()
        await fetch(`${url}/health/live`).then((answer) => answer.text())
        waits.recordValue(Math.round(performance.now() - start))
        await sleep(50)
      }
    })().catch(() => undefined)
  }
  return {
    end: () => {
      controller.abort()
      return `p50 ${waits.getValueAtPercentile(50)} ms, p99 ${waits.getValueAtPercentile(99)} ms, worst ${waits.maxValue} ms`
    },
  }
}
