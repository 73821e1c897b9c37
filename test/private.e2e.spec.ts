import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PLATFORMS, prepare, send } from './faults/bench.js'
import { PRIVATE_MARKER as MARKER, workload } from './faults/workload.js'
import { WeirSystem } from './harness/weir-system.js'

const HARMFUL = `I will kill you and your family tonight ${MARKER}`

let system: WeirSystem

beforeAll(async () => {
  system = await WeirSystem.start({ LOG_LEVEL: 'debug' })
  await prepare(system)
})
afterAll(() => system.stop())

const secret = (changes: object = {}): object => ({
  messageId: `m-${MARKER}`,
  accountId: `a-${MARKER}`,
  visibility: 'private',
  sentAt: new Date().toISOString(),
  text: HARMFUL,
  links: [`https://example.org/${MARKER}`],
  account: { displayName: MARKER, followers: 7, ownerRef: MARKER },
  ...changes,
})
const { visibility: _said, ...silent } = secret() as Record<string, unknown>
/** The secret without its own `visibility`, and with these members as they are written. */
const saying = (members: string, first = false): string => {
  const text = JSON.stringify(silent)
  return first ? text.replace('{', `{${members},`) : text.replace(/\}$/, `,${members}}`)
}
/** In every spelling that counts. */
const SPELLINGS = [
  saying('"visibility":"private","visibility":"public"'),
  saying(String.raw`"visibility":"public","\u0076isibility":"private"`, true),
  saying('"visibility":"public","Visibility":"PRIVATE"'),
  saying('"visibility":"public","ｖｉｓｉｂｉｌｉｔｙ":"ｐｒｉｖａｔｅ"'),
  saying('"visibility":"public","visi\u200bbility":"pri\u00advate"'),
  saying('"visibility":"public","\ufeffvisibility\ufe0f":" \u034fprivate\u202c"'),
  saying('"visibility":"public","vіsіbіlіtу":"рrіvаtе"'),
  saying('"visibility":[["private"]]'),
  saying(String.raw`"visibility":"[\"private\"]"`),
  saying('"visibility":{"value":"private"}'),
  saying('"account":{"visibility":"private","visibility":"public"},"visibility":"public"'),
  JSON.stringify({ ...silent, sentAt: 'never', unknown: { visibility: 'private' } }),
  JSON.stringify(saying('"visibility":"private"')),
  JSON.stringify({ data: saying('"visibility":"private"') }),
  `\ufeff${saying('"visibility":"private"')}`,
]
/** No JSON, but plain what it would say: a dead letter, of which nothing is kept. */
const BROKEN = [
  saying('"visibility":"private"').slice(0, -1),
  saying('"visibility":"private').slice(0, -3),
  `${saying('"visibility":"private"')},`,
  `${saying('"visibility":"public"')}\n${saying('"visibility":"private"')}`,
  saying('"visibility":"private"').replaceAll('"', "'"),
  JSON.stringify(saying('"visibility":"private"')).slice(0, -1),
].map((text) => Buffer.from(text))
BROKEN.push(Buffer.concat([Buffer.from(saying('"visibility":"private"')), Buffer.of(0xff)]))
BROKEN.push(Buffer.from(saying('"visibility":"private"'), 'utf16le'))
const deep = JSON.parse(`${'{"a":'.repeat(12)}"${MARKER}"${'}'.repeat(12)}`) as object
/** Private, and wrong in every other way too. */
const SECRETS = [
  secret(),
  secret({ text: 7, note: MARKER }),
  secret({ deep }),
  secret({ pad: MARKER.repeat(20_000) }),
  secret({ messageId: `no id ${MARKER}` }),
  secret({ change: 'edited' }),
  secret({ change: 'deleted' }),
  secret({ requested: 'dir_of_nobody' }),
  secret({ visibility: 'Private' }),
  { envelope: secret() },
  [secret()],
].map((value) => Buffer.from(JSON.stringify(value)))

async function postRaw(
  service: 'ingestion' | 'classification',
  path: string,
  body: string,
  key?: string,
): Promise<Response> {
  return fetch(`${system.services[service].url}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${await system.token({ roles: ['platform'], platform: 'p1' })}`,
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    },
    body,
  })
}

describe('what is private', () => {
  it('is found on no topic but the input, in no collection, log line or metric', async () => {
    const values = [
      ...SECRETS,
      ...SPELLINGS.map((text) => Buffer.from(text)),
      ...BROKEN,
      Buffer.from(JSON.stringify(secret()).replace('{', '{"__proto__":{"x":1},')),
    ]
    const input = 'weir.in.p1.messages.v1'
    await system.produce(
      input,
      values.map((value) => ({ key: MARKER, value, headers: { title: MARKER } })),
    )
    // A message on the wrong topic is private all the same.
    await system.produce(
      'weir.in.p1.receipts.v1',
      values.map((value) => ({ key: MARKER, value, headers: { title: MARKER } })),
    )
    await send(system, workload(600, PLATFORMS, 5))
    const bodies = [...SECRETS.map(String), ...SPELLINGS.map((text) => text.replace(/^\ufeff/, ''))]
    for (const key of [undefined, 'once', 'once']) {
      const rest = await postRaw('ingestion', '/v1/messages', `{"messages":[${bodies.join(',')}]}`, key)
      expect(rest.status).toBe(202)
      const { results } = (await rest.json()) as { results: { status: string; messageId: string | null }[] }
      expect(new Set(results.map(({ status }) => status))).toEqual(new Set(['refused_private']))
      expect(results[0]!.messageId).toBe(`m-${MARKER}`)
    }
    for (const body of bodies) {
      const checked = await postRaw('classification', '/v1/classify', body)
      expect([checked.status, ((await checked.json()) as { type: string }).type]).toEqual([400, 'private'])
    }
    await system.drained(PLATFORMS)

    const topics = await system.topics()
    const records = await system.readAll(topics)
    const holders = records
      .filter(({ key, value, headers }) =>
        `${key} ${value?.toString()} ${JSON.stringify(headers)}`.includes(MARKER),
      )
      .map(({ topic }) => topic)
    expect(holders.length).toBeGreaterThanOrEqual(values.length)
    expect(holders.filter((topic) => !topic.startsWith('weir.in.'))).toEqual([])

    // What comes by REST never reaches the input topic either.
    const posted = records.filter(({ topic, headers }) => topic === input && headers['ce_id'] !== undefined)
    expect(posted.filter(({ value }) => value?.includes(MARKER))).toEqual([])

    let documents = 0
    const { databases } = await system.mongo().db('admin').admin().listDatabases()
    for (const { name } of databases.filter((one) => one.name.startsWith('weir_'))) {
      for (const collection of await system.mongo().db(name).collections()) {
        for await (const document of collection.find()) {
          documents += 1
          if (JSON.stringify(document).includes(MARKER)) expect.fail(`a document of ${collection.namespace}`)
        }
      }
    }
    expect(documents).toBeGreaterThan(50)

    for (const service of Object.values(system.services)) {
      expect(service.output()).toContain('"level":"debug"')
      expect(service.output().includes(MARKER), `the log of ${service.name}`).toBe(false)
      const metrics = await (await fetch(`${service.url}/metrics`)).text()
      expect(metrics.includes(MARKER), `the metrics of ${service.name}`).toBe(false)
    }
  })
})
