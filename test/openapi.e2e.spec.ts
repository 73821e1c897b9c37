import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SERVICES, type ServiceName } from '#libs/contracts/catalogue'
import { rawRequest } from './harness/raw-request.js'
import { WeirSystem } from './harness/weir-system.js'
import { type ApiDocument, gapsIn, type Route, routesOf } from './openapi/api-document.js'
import { compileClients } from './openapi/compile-client.js'
import { type Filled, fillSystem } from './openapi/filled-system.js'
import { callersOf, getSchemathesis, pythonWithPip, schemathesisOn } from './openapi/schemathesis.js'

let system: WeirSystem
let filled: Filled
let documents: Record<ServiceName, ApiDocument>

beforeAll(async () => {
  system = await WeirSystem.start({ RATE_LIMIT_PER_SECOND: '100000' })
  filled = await fillSystem(system)
  const read = async (service: ServiceName): Promise<[ServiceName, ApiDocument]> => {
    const response = await fetch(`${system.services[service].url}/openapi.json`)
    return [service, (await response.json()) as ApiDocument]
  }
  documents = Object.fromEntries(await Promise.all(SERVICES.map(read))) as typeof documents
})
afterAll(() => system.stop())

describe.each(SERVICES)('the document of %s', (service) => {
  it('is valid OpenAPI 3.1', async () => {
    const { valid, errors } = await new Validator().validate({ ...structuredClone(documents[service]) })
    expect(errors ?? []).toEqual([])
    expect(valid).toBe(true)
  })

  it('has for every route a 2xx answer with a schema, true examples, and every error of its kind', () => {
    expect(gapsIn(documents[service])).toEqual([])
  })
})

/** A line that uses what a client is for, and one that its types must refuse. */
const CLIENTS: Record<ServiceName, string> = {
  enforcement: `
    const { data, error } = await client.GET('/v1/cases/{id}', { params: { path: { id: 'case_1' } } })
    if (error) throw new Error(error.detail)
    const words: (string | null | undefined)[] = data.entries.map((entry) => entry.message.text)
    const claimedUntil: string | null | undefined = data.claimedUntil
    await client.POST('/v1/cases/{id}/decisions', {
      params: { path: { id: data.caseId }, query: { dryRun: true } },
      body: { measure: 'warn', reasons: 'Because.', clause: 'fraud.general' },
    })
    // @ts-expect-error there is no such measure
    await client.POST('/v1/cases/{id}/decisions', { params: { path: { id: '1' } }, body: { measure: 'tickle', reasons: '' } })
    // @ts-expect-error a case has no such field
    data.noSuchField
    console.log(words, claimedUntil)`,
  ingestion: `
    const { data } = await client.POST('/v1/messages', {
      body: { messages: [{ messageId: 'm', accountId: 'a', visibility: 'public', sentAt: '2026-11-24T08:00:00Z', text: 'hi' }] },
    })
    const states: ('accepted' | 'refused_private' | 'invalid')[] = (data?.results ?? []).map(({ status }) => status)
    // @ts-expect-error a message needs an account
    await client.POST('/v1/messages', { body: { messages: [{ messageId: 'm' }] } })
    console.log(states)`,
  classification: `
    const { data } = await client.POST('/v1/classify', {
      body: { messageId: 'm', accountId: 'a', visibility: 'public', sentAt: '2026-11-24T08:00:00Z', text: 'hi' },
    })
    if (data && 'outcome' in data) { const outcome: 'clear' | 'review' | 'act' = data.outcome; console.log(outcome) }
    // @ts-expect-error there is no such visibility
    await client.POST('/v1/classify', { body: { messageId: 'm', accountId: 'a', visibility: 'x', sentAt: '', text: '' } })`,
  notification: `
    const { data } = await client.GET('/v1/notices', { params: { query: { state: 'failed' } } })
    const addresses: (string | null | undefined)[] = (data?.items ?? []).map(({ address }) => address)
    // @ts-expect-error there is no such route
    await client.GET('/v1/no-such-route')
    console.log(addresses)`,
}

it('types generated from the documents are what clients compile against', async () => {
  const clients = SERVICES.map((service) => {
    const source = `
    import createClient from 'openapi-fetch'
    import type { paths } from './${service}.api.js'
    const client = createClient<paths>({ baseUrl: 'http://127.0.0.1' })
    ${CLIENTS[service]}`
    return [service, { document: documents[service], source }] as const
  })
  expect(await compileClients(Object.fromEntries(clients))).toEqual([])
})

it('no types are made of a document that points to nothing', async () => {
  const broken = structuredClone(documents.notification)
  delete broken.components!.schemas!['NoticeView']
  await expect(compileClients({ broken: { document: broken, source: '' } })).rejects.toThrow(/resolve/)
})

/** The body that an example shows, in the first form that the route takes. */
function exampleBodies({ operation }: Route): unknown[] {
  const media = operation.requestBody?.content?.['application/json']
  if (!media) return []
  return media.example === undefined
    ? Object.values(media.examples ?? {}).map(({ value }) => value)
    : [media.example]
}

describe.each(SERVICES)('the examples of bodies of %s', (service) => {
  it('are taken by the running service: none is malformed', async () => {
    const token = await system.token({ roles: callersOf(service), platform: 'p1', subject: 'example' })
    const refused: string[] = []
    for (const route of routesOf(documents[service])) {
      for (const body of exampleBodies(route)) {
        const path = route.path.replaceAll(/\{\w+\}/g, 'none-such')
        const { method } = route
        const asked = { method, path, token, body: JSON.stringify(body) }
        const { status, text } = await rawRequest(system.services[service].url, asked)
        const { type } = (text === '' ? {} : JSON.parse(text)) as { type?: string }
        // Nobody can sign the link of an example.
        if (type === 'bad-link') continue
        if ([400, 401, 403, 415].includes(status) || status >= 500) refused.push(`${method} ${path}: ${text}`)
      }
    }
    expect(refused).toEqual([])
  })
})

describe('what the services answer', () => {
  /** The ids in a path, of things that are there. */
  const filledPath = ({ path }: Route): string | undefined => {
    const { caseId, decisionId, directiveId, statementOfReasonsId } = filled
    const ids: Record<string, string> = {
      '/v1/cases/{id}': caseId,
      '/v1/decisions/{id}': decisionId,
      '/v1/directives/{id}': directiveId,
      '/v1/statements-of-reasons/{id}': statementOfReasonsId,
      '/v1/platforms/{id}': 'p1',
      '/v1/policies/{version}': '1',
      '/v1/notices/templates/{name}/preview': 'fallback',
    }
    const known = Object.keys(ids).find((start) => path.startsWith(start))
    const whole = known ? path.replace(/\{\w+\}/, ids[known]!) : path
    return whole.replace('{platform}', 'p1').replace('{account}', 'acc-1')
  }

  it.each(SERVICES)('%s: to every GET, as documented', async (service) => {
    const as = { roles: callersOf(service), platform: 'p1' }
    const answered: [string, number][] = []
    for (const route of routesOf(documents[service]).filter(({ method }) => method === 'GET')) {
      const path = filledPath(route)!
      // NDJSON is read by `weir audit verify`; what has no thing of its own here is walked by its own tests.
      if (path.endsWith('/export') || path.includes('{') || path.startsWith('/v1/webhooks/')) continue
      // Throws where the answer is not what the document says.
      answered.push([path, (await system.call(service, path, as)).status])
    }
    expect(answered.filter(([, status]) => status !== 200)).toEqual([])
  })

  it('enforcement: to what a person does with a case', async () => {
    const senior = { roles: ['senior'] as const }
    const json = { measure: 'warn', clause: 'fraud.advance-fee', reasons: 'Because.', messageIds: ['m-1'] }
    const path = `/v1/cases/${filled.caseId}`
    const claimed = await system.call('enforcement', `${path}/claim`, senior, { method: 'POST' })
    expect([200, 409]).toContain(claimed.status)
    const preview = await system.call('enforcement', `${path}/decisions?dryRun=true`, senior, { json })
    expect(preview.status).toBe(200)
    expect(await system.call('enforcement', `${path}/decisions`, senior, { json })).toMatchObject({
      status: 201,
    })
    const bulk = { ...json, caseIds: [filled.caseId] }
    const many = await system.call('enforcement', '/v1/decisions/bulk?dryRun=true', senior, { json: bulk })
    expect(many.status).toBe(200)
    const dsa = await system.call<{ statements: unknown[] }>(
      'enforcement',
      '/v1/statements-of-reasons?format=dsa',
      senior,
    )
    expect(dsa.body.statements.length).toBeGreaterThan(0)
  })
})

const missing = pythonWithPip()
/** A short form of `npm run schemathesis`. It changes what it finds: nothing comes after it. */
describe.skipIf(missing !== undefined)(
  `schemathesis${missing === undefined ? '' : ` (not run: ${missing})`}`,
  () => {
    it.each(SERVICES)('finds nothing in %s', async (service) => {
      const folder = await getSchemathesis(console.log)
      const { code, output } = await schemathesisOn(system, filled, service, folder, { examples: 1, seed: 1 })
      expect(code, output).toBe(0)
    })
  },
)
