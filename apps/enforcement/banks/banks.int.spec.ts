import mongoose from 'mongoose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PolicyRecord } from '#libs/contracts/policy-record'
import { type BankDocument, bankDocumentOf, BankVersions } from '#libs/policy/banks/bank-versions'
import { person, settled, StartedEnforcement } from '../started-enforcement.fixture.js'

const [anna, ben] = [person('anna', 'policy_editor'), person('ben', 'policy_editor')]
const WORD = { id: 'fraud/new', category: 'fraud', score: 0.95, terms: ['a brand new trick'], act: true }
const CLAIM = {
  id: 'moon-cheese',
  claim: { zh: '月亮是奶酪做的。', en: 'The moon is made of cheese.' },
  finding: { zh: '不实。', en: 'False.' },
  source: 'https://example.org/moon',
  expires: '2030-12-31',
  variants: ['moon … made of cheese'],
}

interface Entry {
  entryId: string
  state: string
  mayAct: boolean
  approvedBy: string | null
  changes: number
}

let enforcement: StartedEnforcement

beforeAll(async () => {
  enforcement = await StartedEnforcement.start({})
  await enforcement.watch('weir.policies.v1', 'weir.events.v1')
})
afterAll(() => enforcement.stop())

const call = <T = Entry>(
  path: string,
  who: typeof anna,
  json?: unknown,
  method = json === undefined ? 'GET' : 'POST',
  headers: Record<string, string> = {},
) => enforcement.call<T>(method, `/banks${path}`, who, json, headers)

/** A bank as a service knows it that read all that was published. */
function known(bank: string): { version: string; entries: Map<unknown, Record<string, unknown>> } {
  const records = (enforcement.seen.get('weir.policies.v1') ?? []).map(
    ({ value }) => value as unknown as PolicyRecord,
  )
  const own = records.filter(({ kind, name }) => kind === 'bank' && name === bank)
  const texts = new Map(own.map(({ version, document }) => [version, bankDocumentOf(document!)]))
  const version = String(Math.max(...own.map((record) => Number(record.version))))
  const whole = new BankVersions().whole(bank, version, (one): BankDocument | undefined => texts.get(one))!
  return { version, entries: new Map(whole.entries.map((entry) => [entry['entryId'], { ...entry }])) }
}

describe('entries of banks', () => {
  it('count for review until a second person approves, and act from then on', async () => {
    const { status, body: added } = await call('/words/entries', anna, WORD)
    expect([status, added.state, added.mayAct]).toEqual([201, 'waiting', false])
    const path = `/words/entries/${added.entryId}`
    await settled(() =>
      expect(known('words').entries.get(added.entryId)).toMatchObject({ terms: WORD.terms, act: false }),
    )
    expect(await call(`${path}/approve`, anna, {})).toMatchObject({
      status: 403,
      body: { type: 'own-entry' },
    })
    const { body: approved } = await call(`${path}/approve`, ben, {})
    expect(approved).toMatchObject({ state: 'live', mayAct: true, approvedBy: 'ben' })
    await settled(() => expect(known('words').entries.get(added.entryId)).toMatchObject({ act: true }))
  })

  it('lose their approval with their text', async () => {
    const { body: added } = await call('/words/entries', anna, { ...WORD, unambiguous: true })
    const path = `/words/entries/${added.entryId}`
    await call(`${path}/approve`, ben, {})
    const { body: changed } = await call(path, ben, { ...WORD, unambiguous: true, terms: ['hello'] }, 'PUT')
    expect(changed).toMatchObject({ state: 'waiting', mayAct: false, approvedBy: null })
    await settled(() => {
      const entry = known('words').entries.get(added.entryId)!
      expect([entry['act'], entry['terms'], 'unambiguous' in entry]).toEqual([false, ['hello'], false])
    })
    expect(await call(`${path}/approve`, anna, {})).toMatchObject({
      status: 428,
      body: { type: 'if-match-needed' },
    })
    const seen = { 'if-match': `"${changed.changes}"` }
    expect((await call(`${path}/approve`, ben, {}, 'POST', seen)).status).toBe(403)
    expect((await call(`${path}/approve`, anna, {}, 'POST', { 'if-match': '"1"' })).status).toBe(412)
    expect((await call(`${path}/approve`, anna, {}, 'POST', seen)).body).toMatchObject({ state: 'live' })
    const same = await call(path, anna, { ...WORD, unambiguous: true, terms: ['hello'] }, 'PUT')
    expect(same.body).toMatchObject({ state: 'live', approvedBy: 'anna' })
  })

  it('count no more while they are set aside, nor once they are removed', async () => {
    const { body: added } = await call('/words/entries', anna, WORD)
    const path = `/words/entries/${added.entryId}`
    const counts = (are: boolean) =>
      settled(() => expect(known('words').entries.has(added.entryId)).toBe(are))
    await counts(true)
    const senior = person('sue', 'senior')
    expect((await call(`${path}/quarantine`, senior, { reasons: 'A song.' })).body).toMatchObject({
      state: 'quarantined',
    })
    await counts(false)
    expect((await call(`${path}/release`, anna, {})).body).toMatchObject({ state: 'waiting' })
    await counts(true)
    expect((await call(path, anna, undefined, 'DELETE')).body).toMatchObject({ state: 'removed' })
    await counts(false)
    expect(await call(path, anna, WORD, 'PUT')).toMatchObject({ status: 409, body: { type: 'removed' } })
  })

  it('that are claims are one of each id', async () => {
    const [one, other] = await Promise.all([
      call('/known-false-claims/entries', anna, CLAIM),
      call('/known-false-claims/entries', ben, CLAIM),
    ])
    expect([one.status, other.status].sort()).toEqual([201, 409])
    const first = one.status === 201 ? one : other
    await call(`/known-false-claims/entries/${first.body.entryId}`, anna, undefined, 'DELETE')
    expect((await call('/known-false-claims/entries', ben, CLAIM)).status).toBe(201)
  })

  it('of several people at once all stand in a version, and each in the audit log', async () => {
    const before = Number(known('words').version)
    const all = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        call('/words/entries', i % 2 ? anna : ben, { ...WORD, terms: [`trick number ${i}`] }),
      ),
    )
    expect(all.map(({ status }) => status)).toEqual(all.map(() => 201))
    await settled(() => {
      const { version, entries } = known('words')
      for (const { body } of all) expect(entries.has(body.entryId)).toBe(true)
      expect(Number(version)).toBeGreaterThan(before)
    })
    await settled(() => {
      const told = (enforcement.seen.get('weir.events.v1') ?? []).map(({ value }) => value['bankEntryId'])
      for (const { body } of all) expect(told).toContain(body.entryId)
    })
  })

  it.each([
    [{ ...WORD, score: 2 }, '/score'],
    [{ ...WORD, terms: undefined }, '/term'],
    [{ ...WORD, terms: ['\u200b'] }, '/terms'],
    [{ ...WORD, pattern: 'example.com' }, '/pattern'],
    [{ ...WORD, act: false, unambiguous: true }, '/unambiguous'],
    [{ ...WORD, expires: '2026-02-30' }, '/expires'],
    [{ ...WORD, id: 'No Id' }, '/id'],
    [{ ...WORD, id: 'violence/new' }, '/id'],
    [{ ...WORD, id: 'context/satire', category: 'context' }, '/category'],
    [{ ...WORD, context: [] }, '/context'],
  ])('are refused with the field where they are wrong: %j', async (entry, path) => {
    const { status, body } = await call<{ errors: { path: string }[] }>('/words/entries', anna, entry)
    expect(status).toBe(400)
    expect(body.errors.map((error) => error.path)).toContain(path)
  })

  it('are of the kind of their bank: files and names, too', async () => {
    const sha256 = 'c'.repeat(64)
    const file = { id: 'terrorism/film', category: 'terrorism', score: 1, sha256, act: true }
    const name = { id: 'city-police', name: 'City Police', holder: 'authority', accounts: ['p1/police'] }
    expect((await call('/hashes/entries', anna, file)).status).toBe(201)
    expect((await call('/protected-names/entries', anna, name)).status).toBe(201)
    for (const [bank, entry, path] of [
      ['hashes', { ...file, sha256: 'C'.repeat(64) }, '/sha256'],
      ['hashes', WORD, '/sha256'],
      ['words', { ...WORD, sha256 }, '/sha256'],
      ['protected-names', { ...name, act: true }, '/act'],
      ['protected-names', { ...name, holder: undefined }, '/holder'],
      ['protected-names', { ...name, accounts: ['police'] }, '/accounts'],
    ] as const) {
      const { status, body } = await call<{ errors: { path: string }[] }>(`/${bank}/entries`, anna, entry)
      expect([status, body.errors.map((error) => error.path).includes(path)]).toEqual([400, true])
    }
    for (const bank of ['hashes', 'protected-names'])
      expect(await send(bank, ben, await fileOf(bank))).toMatchObject({ status: 200, body: { unchanged: 1 } })
  })

  it('that somebody swaps between look and click are not approved unseen', async () => {
    const { body: shown } = await call('/words/entries', anna, WORD)
    const path = `/words/entries/${shown.entryId}`
    const [swapped, clicked] = await Promise.all([
      call(path, anna, { ...WORD, unambiguous: true, terms: ['good morning'] }, 'PUT'),
      call(`${path}/approve`, ben, {}),
    ])
    const { body: now } = await call<Entry & { entry: { terms: string[] } }>(path, anna)
    expect([200, 409]).toContain(swapped.status)
    expect([200, 409, 428]).toContain(clicked.status)
    // Whichever came first: what acts is what was seen, and what was not seen does not act.
    const terms = swapped.status === 200 ? ['good morning'] : WORD.terms
    expect(now).toMatchObject({ entry: { terms }, mayAct: swapped.status !== 200 })
  })

  it('are refused once a bank holds as much as it may', async () => {
    const uri = enforcement.stack.mongoUri
    const client = await mongoose.createConnection(uri, { dbName: 'weir_enforcement' }).asPromise()
    const entries = client.collection<{ _id: string; bank: string; size: number }>('bank_entries')
    // As if many had written much; it stands in no version.
    await entries.insertOne({ _id: 'be_much', bank: 'links', size: 7_999_300 })
    const link = { id: 'fraud/a', category: 'fraud', score: 0.9, pattern: 'a.example' }
    const { body: fits, status } = await call('/links/entries', anna, link)
    const full = await call('/links/entries', ben, { ...link, pattern: 'another.example' })
    await call(`/links/entries/${fits.entryId}`, anna, undefined, 'DELETE')
    const again = await call('/links/entries', ben, link)
    await entries.deleteOne({ _id: 'be_much' })
    await client.close()
    expect([status, full.status, full.body.type, again.status]).toEqual([201, 409, 'bank-full', 201])
  })

  it('are listed by state and by how they begin, and found where they are', async () => {
    const ids = async (query: string) =>
      (await call<{ items: Entry[] }>(`/words/entries?limit=200&${query}`, anna)).body.items.map(
        ({ entryId }) => entryId,
      )
    const { body: added } = await call('/words/entries', anna, { ...WORD, terms: ['Zebra Crossing'] })
    expect(await ids('q=zebra%20c')).toEqual([added.entryId])
    expect(await ids('q=crossing')).toEqual([])
    expect(await ids('state=waiting')).toContain(added.entryId)
    expect(await ids('state=live')).not.toContain(added.entryId)
    expect((await call(`/links/entries/${added.entryId}`, anna)).status).toBe(404)
    expect((await call('/none/entries', anna)).status).toBe(404)
    const { body } = await call<{ items: { bank: string; live: number }[] }>('', anna)
    expect(body.items.map(({ bank }) => bank)).toEqual([
      ...['hashes', 'known-false-claims', 'links', 'protected-names', 'words'],
    ])
    for (const { bank, live } of body.items)
      expect(live).toBeGreaterThan(['hashes', 'protected-names'].includes(bank) ? -1 : 8)
  })
})

interface Imported {
  importId: string
  added: number
  changed: number
  unchanged: number
  errors: { path: string }[]
}

/** Sends a file to be imported. */
const send = (bank: string, who: typeof anna, file: string, type = 'text/csv') =>
  enforcement.call<Imported>('POST', `/banks/${bank}/entries/import`, who, file, { 'content-type': type })

async function fileOf(bank: string, query = ''): Promise<string> {
  const { status, text } = await enforcement.call('GET', `/banks/${bank}/entries/export${query}`, anna)
  expect(status).toBe(200)
  return text
}

describe('files of entries', () => {
  const HEAD = 'id,category,score,terms,act'
  const rows = (from: number, to: number) =>
    Array.from(
      { length: to - from },
      (_, i) => `fraud/many,fraud,0.9,import number ${from + i}|进口${from + i}号货品,true`,
    )

  it('are written once however often they are sent, and act once a second person approves all of it', async () => {
    const file = [HEAD, ...rows(0, 1_200), ...rows(0, 1)].join('\n')
    const first = await send('words', anna, file)
    expect(first).toMatchObject({ status: 200, body: { added: 1_200, changed: 0, unchanged: 1 } })
    expect(await send('words', ben, file)).toMatchObject({ body: { added: 0, changed: 0, unchanged: 1_201 } })
    const { importId } = first.body
    const path = `/words/entries/imports/${importId}/approve`
    expect(await call(path, anna, {})).toMatchObject({ status: 403, body: { type: 'own-entry' } })
    expect(await call(path, ben, {})).toMatchObject({ status: 200, body: { approved: 1_200 } })
    expect(await call(path, ben, {})).toMatchObject({ status: 200, body: { approved: 0 } })
    const many = () => [...known('words').entries.values()].filter(({ id }) => id === 'fraud/many')
    await settled(() => {
      expect(many().length).toBe(1_200)
      expect(many().every(({ act }) => act === true)).toBe(true)
    })
    const kinds = (enforcement.seen.get('weir.events.v1') ?? []).map(({ value }) => value['kind'])
    expect(kinds.filter((kind) => kind === 'bank.entry_approved').length).toBeGreaterThanOrEqual(1_200)
    expect((await call('/words/entries/imports/im_none/approve', ben, {})).status).toBe(404)
  })

  it('are read back as they were exported, and change what was changed in them', async () => {
    await call('/known-false-claims/entries', anna, {
      ...CLAIM,
      ...{ id: 'sun-cheese', variants: ['=sun() | "cheese"'], claim: { ...CLAIM.claim, ms: '+keju' } },
    })
    for (const bank of ['words', 'links', 'known-false-claims']) {
      const file = await fileOf(bank)
      for (const line of file.split('\r\n')) expect(line).not.toMatch(/(^|","|^")[=+\-@]/)
      const { status, body } = await send(bank, ben, file)
      expect([status, body.added, body.changed]).toEqual([200, 0, 0])
      expect(body.unchanged).toBeGreaterThan(8)
    }
    const file = await fileOf('known-false-claims')
    const other = file.replace('+keju', '+keju biru')
    expect(await send('known-false-claims', ben, other)).toMatchObject({ body: { added: 0, changed: 1 } })
    const withoutChanges = (text: string) => text.replaceAll(/^("[^"]*"),"\d+"/gm, '$1')
    expect(withoutChanges(await fileOf('known-false-claims'))).toBe(withoutChanges(other))
    // The file is older now than what it would write over; what stands there already it may say again.
    const late = await send('known-false-claims', ben, file)
    expect(late).toMatchObject({ status: 400, body: { type: 'bad-import' } })
    expect(late.body.errors.map(({ path }) => path)).toEqual([expect.stringMatching(/^\/line \d+\/changes$/)])
    expect(await send('known-false-claims', ben, other)).toMatchObject({ body: { changed: 0 } })
  })

  it('hold what an import wrote, until somebody writes it anew by hand', async () => {
    const { body } = await send('words', anna, [HEAD, ...rows(5_000, 5_003)].join('\r\n'))
    const lines = async () =>
      (await fileOf('words', `?import=${body.importId}`)).split('\r\n').filter((line) => line !== '')
    const [, first] = await lines()
    const entryId = first!.split('","')[0]!.slice(1)
    expect(await lines()).toHaveLength(4)
    await call(`/words/entries/${entryId}`, anna, { ...WORD, terms: ['something else'] }, 'PUT')
    expect(await lines()).toHaveLength(3)
    const path = `/words/entries/imports/${body.importId}/approve`
    expect(await call(path, ben, {})).toMatchObject({ body: { approved: 2 } })
    expect((await call(`/words/entries/${entryId}`, anna)).body.mayAct).toBe(false)
    // What an import wrote and somebody removed or rewrote is written again by the same file, as a new entry.
    const again = await send('words', ben, [HEAD, ...rows(5_000, 5_003)].join('\r\n'))
    expect(again.body).toMatchObject({ added: 1, changed: 0, unchanged: 2 })
  })

  it('come under an import of their own, whatever key their request has: what was looked at is what is approved', async () => {
    const under = (file: string) =>
      enforcement.call<Imported>('POST', '/banks/words/entries/import', anna, file, {
        ...{ 'content-type': 'text/csv', 'idempotency-key': 'planned-long-ago' },
      })
    const first = await under([HEAD, ...rows(7_000, 7_002)].join('\n'))
    // A day later the key is free again.
    const client = await mongoose
      .createConnection(enforcement.stack.mongoUri, { dbName: 'weir_enforcement' })
      .asPromise()
    await client.collection('idempotency').deleteMany({})
    await client.close()
    const second = await under([HEAD, ...rows(7_002, 7_003)].join('\n'))
    expect([first.status, second.status]).toEqual([200, 200])
    const path = `/words/entries/imports/${first.body.importId}/approve`
    expect(await call(path, ben, {})).toMatchObject({ body: { approved: 2 } })
  })

  it.each([
    [[HEAD, 'fraud/x,fraud,0.9,fine,true', 'fraud/x,fraud,2,fine,true', 'y,fraud,0.9,,true'], 'line 3/score'],
    [[HEAD, 'fraud/x,fraud,0.9,fine,perhaps'], 'line 2/act'],
    [['id,colour', 'x,blue'], 'colour'],
    [['entryId,id,category,score,terms', 'be_none,fraud/x,fraud,0.9,fine'], 'line 2/entryId'],
    [[HEAD, '"fraud/x,fraud,0.9,fine,true'], ''],
    [[HEAD, 'fraud/x,fraud,0.9,fine,true,more,still more'], ''],
  ])('that are wrong do nothing, and say where: %j', async (lines, path) => {
    const before = await fileOf('words')
    const { status, body } = await send('words', anna, lines.join('\n'))
    expect(status).toBe(400)
    expect(body.errors.map((error) => error.path.replace(/^\//, ''))).toContain(path)
    expect(await fileOf('words')).toBe(before)
  })

  it('are refused where they are too long, of another kind, or for a bank that is not there', async () => {
    const many = [HEAD, ...Array.from({ length: 20_001 }, (_, i) => `fraud/x,fraud,0.9,t${i},true`)].join(
      '\n',
    )
    expect(await send('words', anna, many)).toMatchObject({ status: 400, body: { type: 'too-many-rows' } })
    expect((await send('words', anna, 'x'.repeat(5_000_000))).status).toBe(413)
    expect((await send('words', anna, '{}', 'application/json')).status).toBe(400)
    expect((await send('words', anna, HEAD, 'application/yaml')).status).toBe(415)
    expect((await send('none', anna, HEAD)).status).toBe(404)
  })

  it('come with semicolons from spreadsheets of many countries', async () => {
    const { body } = await send(
      'words',
      anna,
      '\ufeffid;category;score;terms\nfraud/semi;fraud;0.9;one, two\n',
    )
    expect(body).toMatchObject({ added: 1 })
    expect(await fileOf('words', `?import=${body.importId}`)).toContain('"one, two"')
  })
})
