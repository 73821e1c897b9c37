import type { mongo } from 'mongoose'
import { numberFrom } from '../../apps/classification/training/seeded.js'

/** Documents of one account, as the services wrote them: by collection. */
export type Template = ReadonlyMap<string, readonly mongo.Document[]>

const BATCH_SIZE = 5_000
const SPREAD_MS = 180 * 86_400_000
/** As `derivedId` writes them, without the end. */
const DERIVED = /\b([a-z]+_[a-z2-7]{16})[a-z2-7]{10}\b/g
const NAMES = ['早安市集', 'Harbour News', '城市快讯', 'Green Kitchen', '体育天地', 'Night Sky Club']

/** All documents that `database` has of an account, in the collections that have any. */
export async function templateOf(database: mongo.Db, accountId: string): Promise<Template> {
  const found = new Map<string, mongo.Document[]>()
  for (const { name } of await database.listCollections().toArray()) {
    const documents = await database.collection(name).find({ accountId }).toArray()
    if (documents.length > 0) found.set(name, documents)
  }
  return found
}

/**
 * Writes copies of the templates under other ids, spread over half a year: `accounts` of them, of which the first `cases`
 * come with all that lies in collections of its own. Copies of each template come as often as its weight says.
 */
export async function fillDatabase(
  database: mongo.Db,
  templates: readonly { readonly accountId: string; readonly weight: number; readonly of: Template }[],
  { accounts, cases }: { readonly accounts: number; readonly cases: number },
  onProgress: (done: number) => void,
): Promise<void> {
  const next = numberFrom(11)
  const total = templates.reduce((sum, { weight }) => sum + weight, 0)
  const pick = () => {
    let at = next() * total
    return templates.find(({ weight }) => (at -= weight) < 0) ?? templates[0]!
  }
  let waiting = new Map<string, mongo.Document[]>()
  for (let i = 0; i < accounts; i++) {
    const { accountId, of } = pick()
    const copy = copier(accountId, i, Math.floor(next() * SPREAD_MS), next)
    for (const [name, documents] of of) {
      if (name !== 'accounts' && i >= cases) continue
      const list = waiting.get(name) ?? []
      waiting.set(name, list)
      for (const document of documents) list.push(copy(document) as mongo.Document)
    }
    if ((i + 1) % BATCH_SIZE > 0 && i + 1 < accounts) continue
    const writes = [...waiting].map(([name, documents]) =>
      database.collection(name).insertMany(documents, { ordered: false, writeConcern: { w: 1 } }),
    )
    await Promise.all(writes)
    waiting = new Map()
    onProgress(i + 1)
  }
}

/** Copies a document for the `i`th account: ids, dates, name, and what lists are sorted by. */
function copier(
  accountId: string,
  i: number,
  earlier: number,
  next: () => number,
): (value: unknown) => unknown {
  const own = `acc-${i}`
  const name = `${NAMES[i % NAMES.length]!} ${i}`
  // Ten letters that no other account's ids end in.
  const ending = i
    .toString(4)
    .replaceAll(/[0-3]/g, (digit) => 'abcd'[Number(digit)]!)
    .padStart(10, '7')
  const text = (value: string) =>
    value.replaceAll(DERIVED, (_all, start: string) => start + ending).replaceAll(accountId, own)
  const copy = (value: unknown, key = ''): unknown => {
    // Nothing of it is due: the services would be at work on it while they are measured.
    if (key === 'nextDueAt') return null
    if (key === 'receiptHash') return own
    if (key === 'priority') return Math.floor(next() * 1_000)
    if (key === 'displayName') return name
    if (key === 'searchName') return name.toLowerCase()
    // Of ten messages one is a copy of others.
    if (key === 'copyKeys') {
      const end = i % 10 === 7 ? '' : ending
      return (value as string[]).map((each) => each + end)
    }
    if (typeof value === 'string') return text(value)
    if (value instanceof Date) return new Date(value.getTime() - earlier)
    if (Array.isArray(value)) return value.map((item) => copy(item))
    if (typeof value !== 'object' || value === null || '_bsontype' in value) return value
    return Object.fromEntries(Object.entries(value).map(([field, each]) => [field, copy(each, field)]))
  }
  return copy
}
