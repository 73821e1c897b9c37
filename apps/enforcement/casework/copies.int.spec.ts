import 'reflect-metadata'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Verdict } from '#libs/contracts/verdict'
import { aVerdict } from '../ledger/a-verdict.fixture.js'
import { FindRelated } from '../accounts/find-related.js'
import { TakeVerdicts } from '../intake/take-verdicts.js'
import { instantCursor } from '../store/cursor.js'
import { TwoInstances } from '../two-instances.fixture.js'
import type { CopyView } from './copy-view.js'
import { CaseStore } from '../ledger/cases/case.store.js'
import { FindCopies } from './find-copies.js'
import { decodeCursor, type Page } from '#libs/runtime/http/paging'
import type { RelatedView } from '../accounts/related-view.js'
import { numberFrom } from '../../classification/training/seeded.js'

const WORDS = 'harbour lantern orchard velvet copper meadow signal thunder basket winter garden pilot'.split(
  ' ',
)
const next = numberFrom(7)
const pick = (most: number): number => Math.floor(next() * most)

/** Texts that have nothing to do with each other. */
const TEXTS = Array.from({ length: 12 }, (_, i) =>
  Array.from({ length: 30 }, () => `${WORDS[pick(WORDS.length)]!}${i}${pick(1_000)}`).join(' '),
)

/** What of the pools a message holds. */
interface Planned {
  account: string
  messageId: string
  text?: number
  edited: boolean
  link?: number
  media?: number
  repostOf?: string
}

function planned(i: number): Planned {
  const one: Planned = { account: `a${pick(12)}`, messageId: `m${i}`, edited: pick(2) === 0 }
  if (pick(2) === 0) one.text = pick(TEXTS.length)
  if (pick(3) === 0) one.link = pick(8)
  if (pick(3) === 0) one.media = pick(8)
  if (i > 0 && pick(4) === 0) one.repostOf = `m${pick(i)}`
  return one
}

function verdictOf(one: Planned, i: number): Verdict {
  const text = one.text === undefined ? `only ${i}: ${WORDS[i % 12]}` : TEXTS[one.text]!
  const value = aVerdict(one.account, one.messageId, {
    outcome: 'review',
    at: new Date(Date.UTC(2026, 10, 1) + i * 60_000),
    text: one.edited && one.text !== undefined ? `${text.slice(0, -2)}!!` : text,
  })
  if (one.link !== undefined) value.message.links = [`https://site-${one.link}.example/page?utm_source=${i}`]
  if (one.media !== undefined) {
    value.message.media = [{ mediaId: `i${i}`, kind: 'image', sha256: one.media.toString(16).repeat(64) }]
  }
  if (one.repostOf) value.message.repostOf = one.repostOf
  return value
}

/** Why one message is a copy of another, by the plan. */
function reasons(one: Planned, other: Planned): string[] {
  const same = (a: unknown, b: unknown) => a !== undefined && a === b
  const reposts = same(one.repostOf, other.messageId) || same(one.repostOf, other.repostOf)
  return [
    ...(same(one.link, other.link) ? ['link'] : []),
    ...(same(one.media, other.media) ? ['media'] : []),
    ...(reposts ? ['repost'] : []),
    ...(same(one.text, other.text) ? ['text'] : []),
  ]
}

describe('copies and related accounts, on a real MongoDB', () => {
  let instances: TwoInstances
  let plans: Planned[]

  beforeAll(async () => {
    instances = await TwoInstances.start()
    plans = Array.from({ length: 150 }, (_, i) => planned(i))
    await instances.one(TakeVerdicts).take(plans.map(verdictOf), async () => undefined)
  })
  afterAll(() => instances.stop())

  const caseOf = async (account: string): Promise<string> =>
    (await instances.one(CaseStore).newest({ accountId: account }, 1))[0]!._id

  async function copiesOf(caseId: string, limit: number): Promise<CopyView[]> {
    const found: CopyView[] = []
    let cursor: string | null | undefined
    do {
      const page: Page<CopyView> = await instances
        .one(FindCopies)
        .of(caseId, limit, instantCursor(cursor ?? undefined))
      expect(page.items.length).toBeLessThanOrEqual(limit)
      found.push(...page.items)
      cursor = page.nextCursor
    } while (cursor)
    return found
  }

  async function relatedTo(account: string, limit: number): Promise<RelatedView[]> {
    const found: RelatedView[] = []
    let after: [number, string] | undefined
    for (;;) {
      const page = await instances.one(FindRelated).of('p1', account, limit, after)
      found.push(...page.items)
      if (!page.nextCursor) return found
      after = decodeCursor(page.nextCursor, 2) as [number, string]
    }
  }

  /** What MongoDB looked at for something, by its profiler. */
  async function profiled(ask: () => Promise<unknown>) {
    const database = instances.connection().db!
    await database.command({ profile: 2 })
    await ask()
    await database.command({ profile: 0 })
    const lines = await database
      .collection('system.profile')
      .find({ ns: { $regex: /\.(case_entries|accounts|cases|\$cmd\.aggregate)$/ } })
      .toArray()
    await database.collection('system.profile').drop()
    return lines
  }

  it('are all that share a link, media, a repost or nearly the text, and no others, in pages', async () => {
    let seen = 0
    for (const account of new Set(plans.map((one) => one.account))) {
      const own = plans.filter((one) => one.account === account)
      const expected = plans
        .filter((one) => one.account !== account)
        .map((one) => ({ one, why: [...new Set(own.flatMap((mine) => reasons(one, mine)))].sort() }))
        .filter(({ why }) => why.length > 0)
        .map(({ one, why }) => [one.account, one.messageId, why])
        .reverse()
      const found = await copiesOf(await caseOf(account), 7)
      expect(found.map(({ accountId, messageId, why }) => [accountId, messageId, why])).toEqual(expected)
      for (const copy of found) {
        expect(copy).toMatchObject({
          platformId: 'p1',
          caseState: 'open',
          caseId: await caseOf(copy.accountId),
        })
        expect(copy.similarity === null).toBe(!copy.why.includes('text'))
      }
      seen += found.length
    }
    expect(seen).toBeGreaterThan(300)
  })

  it('are found by index, without sorting, however many entries there are', async () => {
    const caseId = await caseOf('a1')
    const lines = await profiled(() => instances.one(FindCopies).of(caseId, 10, undefined))
    const plansSeen = lines.map((line) => String(line['planSummary']))
    expect(plansSeen.join('\n')).toMatch(/IXSCAN \{ copyKeys: 1, receivedAt: -1, _id: -1 \}/)
    expect(plansSeen.join('\n')).not.toContain('COLLSCAN')
    const search = lines.find((line) => String(line['planSummary']).includes('copyKeys'))!
    expect(search['hasSortStage']).toBeUndefined()
    expect(search['docsExamined']).toBeLessThanOrEqual(25)
  })

  it('relate accounts, each thing by how rare it is, as counted by hand', async () => {
    const accounts = [...new Set(plans.map((one) => one.account))]
    const others = accounts.slice(1).map((account) => `p1/${account}`)
    expect(others.length).toBeGreaterThan(5)
    for (const account of accounts) {
      const own = plans.filter((one) => one.account === account)
      const expected = new Map<string, number>()
      const things = new Map<string, Set<string>>()
      for (const mine of own) {
        const name = (thing: string, who: (one: Planned) => boolean): void => {
          things.set(thing, new Set(plans.filter(who).map((one) => one.account)))
        }
        if (mine.link !== undefined) name(`link ${mine.link}`, (one) => one.link === mine.link)
        if (mine.media !== undefined) name(`media ${mine.media}`, (one) => one.media === mine.media)
        if (mine.repostOf) name(`repost ${mine.repostOf}`, (one) => one.repostOf === mine.repostOf)
        name(`repost ${mine.messageId}`, (one) => one.repostOf === mine.messageId)
        if (mine.text !== undefined) name(`text ${mine.text}`, (one) => one.text === mine.text)
      }
      for (const who of things.values()) {
        who.delete(account)
        for (const other of who) expected.set(other, (expected.get(other) ?? 0) + 1 / (who.size + 1))
      }
      const found = await relatedTo(account, 3)
      expect(new Map(found.map(({ accountId, score }) => [accountId, score]))).toEqual(
        new Map([...expected].map(([other, score]) => [other, expect.closeTo(score, 4) as number])),
      )
      const scores = found.map(({ score }) => score)
      expect(scores).toEqual([...scores].sort((a, b) => b - a))
      for (const { evidence } of found) expect(Object.values(evidence).some((count) => count > 0)).toBe(true)
    }
  })

  it('relate accounts by index, looking at no more than a bounded number of entries of a key that all share', async () => {
    const shared = Array.from({ length: 400 }, (_, i) => {
      const value = aVerdict(`news${i}`, `n${i}`, { outcome: 'review', text: `entirely its own words ${i}` })
      value.message.links = ['https://news.example/']
      return value
    })
    await instances.one(TakeVerdicts).take(shared, async () => undefined)
    const lines = await profiled(() => relatedTo('news5', 50))
    expect(lines.map((line) => String(line['planSummary'])).join('\n')).not.toContain('COLLSCAN')
    const lookup = lines.find((line) => line['op'] === 'command' && JSON.stringify(line).includes('$lookup'))!
    expect(lookup['docsExamined']).toBeLessThan(200)
    const found = await relatedTo('news5', 50)
    expect(found.every(({ score }) => score <= 0.2)).toBe(true)
    expect(found.length).toBeGreaterThanOrEqual(29)
  })

  it('relate accounts of one owner, within a platform', async () => {
    const owned = ['o1', 'o2', 'o3'].map((account, i) => {
      const value = aVerdict(account, `o${i}`, { outcome: 'review', text: `${i}` })
      value.message.account = { ...value.message.account, ownerRef: i < 2 ? 'owner-1' : 'owner-2' }
      return value
    })
    await instances.one(TakeVerdicts).take(owned, async () => undefined)
    const lines = await profiled(async () => {
      expect(await relatedTo('o1', 50)).toMatchObject([
        { accountId: 'o2', score: 1, evidence: { owner: 1, link: 0, media: 0, repost: 0, text: 0 } },
      ])
    })
    expect(lines.map((line) => String(line['planSummary'])).join('\n')).toContain('profile.ownerRef')
    expect(await relatedTo('o3', 50)).toEqual([])
  })
})
