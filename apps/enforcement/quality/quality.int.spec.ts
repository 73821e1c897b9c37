import 'reflect-metadata'
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Measure } from '#libs/contracts/measures-in-force'
import type { WeirEvent } from '#libs/contracts/weir-event'
import type { Caller } from '#libs/runtime/auth/caller'
import { Clock } from '#libs/runtime/clock'
import { aVerdict } from '../ledger/a-verdict.fixture.js'
import { AccountStore } from '../ledger/account.store.js'
import { SPEC_POLICY } from '../ledger/account-world.fixture.js'
import { TakeVerdicts } from '../intake/take-verdicts.js'
import { AppealStore } from '../appeals/appeal.store.js'
import { partsInCase } from '../appeals/parts-in-case.js'
import { AuditStore } from '../audit/audit.store.js'
import { CaseStore } from '../ledger/cases/case.store.js'
import { DecideCase } from '../casework/decide-case.js'
import { WorkOnCases } from '../casework/work-on-cases.js'
import { DecisionStore } from '../ledger/decisions/decision.store.js'
import { aFinding } from '../casework/clusters/a-finding.fixture.js'
import { FindingStore } from '../ledger/findings/finding.store.js'
import { Relay } from '../outbox/relay.js'
import { PolicyStore } from '../policies/policy.store.js'
import { type RecordingPublisher, TEST_ENV, TwoInstances } from '../two-instances.fixture.js'
import { ExposureStore } from '../exposure/exposure.store.js'
import { GiveReviews } from './give-reviews.js'
import { GoldenCaseStore } from './golden-case.store.js'
import { KeepGoldenCases } from './keep-golden-cases.js'
import { ReadExposure } from '../exposure/read-exposure.js'
import { ReadReviewers } from './read-reviewers.js'
import { ReportQuality } from './report-quality.js'
import { ReviewStore } from './review.store.js'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const LEASE = SPEC_POLICY.cases.claimLease

describe('quality of decisions, on a real MongoDB', () => {
  const env = { ...TEST_ENV, SECOND_REVIEW_SHARE: 1, GOLDEN_SHARE: 0, EXPOSURE_DAILY_LIMIT: 0 }
  let instances: TwoInstances
  let publisher: RecordingPublisher
  let clock: Clock
  const one = <T>(type: new (...args: never[]) => T): T => instances.one(type)
  const two = <T>(type: new (...args: never[]) => T): T => instances.two(type)

  beforeAll(async () => {
    instances = await TwoInstances.start(env)
    ;({ publisher, clock } = instances)
  })
  afterAll(() => instances.stop())
  beforeEach(async () => {
    Object.assign(env, { SECOND_REVIEW_SHARE: 1, GOLDEN_SHARE: 0, EXPOSURE_DAILY_LIMIT: 0 })
    await one(ReviewStore).reviews.deleteMany({})
    await one(GoldenCaseStore).goldenCases.deleteMany({})
    publisher.records.length = 0
    clock.set(new Date())
  })

  const person = (subject: string): Caller => ({ subject, roles: ['senior'] })
  const ahead = (ms: number): Date => new Date(clock.now().getTime() + ms)
  const events = (kind: string): WeirEvent[] =>
    publisher.on<WeirEvent>('events').filter((event) => event.kind === kind)
  const answer = (measure: Measure, clause: string | null = null) => ({
    measure,
    clause,
    reasons: 'as I see it',
  })

  /** A case about one message, which waits for people. */
  async function aCase(
    severity: 1 | 2 | 3 | 4 = 2,
  ): Promise<{ caseId: string; account: string; text: string }> {
    const account = `a-${randomUUID()}`
    const text = `said by nobody ${randomUUID()}`
    const verdict = aVerdict(account, `m-${account}`, { severity, outcome: 'review', text, at: clock.now() })
    Object.assign(verdict.message, { repostOf: 'reposted-id', requested: 'directive-id' })
    verdict.message.account = { followers: 10, ownerRef: 'owner-ref' }
    await one(TakeVerdicts).take([verdict], async () => undefined)
    const [found] = await one(CaseStore).newest({ accountId: account }, 1)
    return { caseId: found!._id, account, text }
  }

  async function decide(
    opened: { caseId: string; account: string },
    by: string,
    measure: Measure = 'suspend',
    severity = 2,
  ): Promise<string> {
    const given =
      measure === 'none'
        ? { messageIds: [] }
        : { clause: `c.${severity}`, messageIds: [`m-${opened.account}`] }
    const reasons = { zh: '第一人的理由', en: 'what the first said' }
    const request = { caller: person(by), requestId: randomUUID() }
    const { decisionId } = await one(DecideCase).decide(
      opened.caseId,
      { measure, reasons, ...given },
      request,
    )
    return decisionId
  }

  async function decided(by: string, measure: Measure = 'suspend', severity: 1 | 2 | 3 | 4 = 2) {
    const opened = await aCase(severity)
    return { ...opened, decisionId: await decide(opened, by, measure, severity) }
  }

  it('gives each of 20 people at once another review, whichever instance they ask', async () => {
    for (let i = 0; i < 30; i++) await decided(`decider-${i % 3}`)
    const people = Array.from({ length: 20 }, (_, i) => `reviewer-${i}`)
    const given = await Promise.all(people.map((name, i) => (i % 2 ? one : two)(GiveReviews).next(name)))
    expect(new Set(given.map((review) => review!.reviewId)).size).toBe(20)
    const stored = await one(ReviewStore)
      .reviews.find({ _id: { $gte: '' }, assignee: { $ne: null } })
      .toArray()
    expect(new Set(stored.map(({ assignee }) => assignee))).toEqual(new Set(people))
    // Who waited longest comes first, and who asks again has the same in hand.
    const oldest = await one(ReviewStore).reviews.find().sort({ openedAt: 1, _id: 1 }).limit(20).toArray()
    expect(new Set(stored.map(({ _id }) => _id))).toEqual(new Set(oldest.map(({ _id }) => _id)))
    const again = await Promise.all(people.map((name) => two(GiveReviews).next(name)))
    expect(again.map((review) => review!.reviewId)).toEqual(given.map((review) => review!.reviewId))
  })

  it('gives nobody what they decided, worked on, or wrote a note in', async () => {
    const cases = [await decided('anna'), await decided('anna'), await decided('anna')]
    await one(CaseStore).cases.updateOne({ _id: cases[0]!.caseId }, { $push: { workedBy: 'ben' } as never })
    await one(WorkOnCases).note(cases[1]!.caseId, person('ben'), 'a note', randomUUID())
    expect(await one(GiveReviews).next('anna')).toBeNull()
    const third = await one(GiveReviews).next('ben')
    expect(JSON.stringify(third)).toContain(cases[2]!.text)
    await one(GiveReviews).answer(third!.reviewId, answer('none'), 'ben')
    expect(await one(GiveReviews).next('ben')).toBeNull()
    // Who reviewed it has a part in it from then on.
    const stores = {
      appeals: one(AppealStore),
      cases: one(CaseStore),
      decisions: one(DecisionStore),
      reviewing: new ReadReviewers(one(ReviewStore), one(GoldenCaseStore)),
    }
    expect((await partsInCase(cases[2]!.caseId, stores)).reviewers).toEqual(['ben'])
    expect((await partsInCase(cases[1]!.caseId, stores)).reviewers).toEqual([])
    // The others are not lost by that.
    const found = [await one(GiveReviews).next('cleo'), await two(GiveReviews).next('dan')]
    expect(found.every(Boolean)).toBe(true)
  })

  it('tells nothing of the first decision, nor whose case it is', async () => {
    const { caseId, account, text, decisionId } = await decided('the-first-decider', 'suspend')
    const shown = JSON.stringify(await one(GiveReviews).next('ben'))
    expect(shown).toContain(text)
    const secrets = [
      'the-first-decider',
      'suspend',
      'what the first said',
      '第一人',
      caseId,
      account,
      decisionId,
      'reposted-id',
      'directive-id',
      'owner-ref',
    ]
    for (const secret of secrets) expect(shown, secret).not.toContain(secret)
    const [{ reviewId } = { reviewId: '' }] = await one(ReviewStore).reviews.find().toArray()
    const views = await one(AuditStore).list({ subject: `review/${reviewId}` }, 10)
    expect(views.map(({ entry }) => entry)).toMatchObject([
      { kind: 'evidence.viewed', actor: 'ben', platformId: 'p1', accountId: account },
    ])
  })

  it('shows what there was to see when it was decided', async () => {
    const { account, text } = await decided('anna', 'none')
    clock.set(ahead(MINUTE))
    const later = aVerdict(account, 'm-later', {
      severity: 2,
      outcome: 'review',
      text: 'came later',
      at: clock.now(),
    })
    await one(TakeVerdicts).take([later], async () => undefined)
    const review = await one(GiveReviews).next('ben')
    expect(review!.entries).toHaveLength(1)
    expect(JSON.stringify(review)).toContain(text)
  })

  it('keeps the answer beside the decision, and changes nothing on the account', async () => {
    const { account, caseId, decisionId } = await decided('anna', 'suspend')
    const before = [await one(AccountStore).byKey(`p1/${account}`), await one(CaseStore).byId(caseId)]
    const { reviewId } = (await one(GiveReviews).next('ben'))!
    await expect(one(GiveReviews).answer(reviewId, answer('warn'), 'ben')).rejects.toMatchObject({
      status: 400,
    })
    await expect(one(GiveReviews).answer(reviewId, answer('warn', 'c.9'), 'ben')).rejects.toMatchObject({
      status: 400,
    })
    await expect(one(GiveReviews).answer(reviewId, answer('none'), 'cleo')).rejects.toMatchObject({
      status: 404,
    })
    const answers = await Promise.all([
      one(GiveReviews).answer(reviewId, answer('warn', 'c.2'), 'ben'),
      two(GiveReviews).answer(reviewId, answer('warn', 'c.2'), 'ben'),
    ])
    expect(answers[0]).toEqual({ ...answers[1], at: answers[0].at })
    await expect(one(GiveReviews).answer(reviewId, answer('none'), 'ben')).rejects.toMatchObject({
      slug: 'review-answered',
    })
    expect([await one(AccountStore).byKey(`p1/${account}`), await one(CaseStore).byId(caseId)]).toEqual(
      before,
    )
    const [stored] = await one(ReviewStore).answered({ disagreement: true }, 10)
    expect(stored).toMatchObject({
      decisionId,
      expected: { measure: 'suspend', clause: 'c.2' },
      disagreement: true,
    })
    expect(await one(ReviewStore).answered({ disagreement: false }, 10)).toEqual([])
    expect(events('review.answered')).toMatchObject([
      { actor: 'ben', decisionId, code: 'disagreed', measure: 'warn' },
    ])
  })

  it('takes an answer again that another try of the same request has stored meanwhile', async () => {
    await decided('anna', 'suspend')
    const { reviewId } = (await one(GiveReviews).next('ben'))!
    const policies = one(PolicyStore)
    const other = vi.spyOn(policies, 'byVersions').mockImplementationOnce(async (versions) => {
      await two(GiveReviews).answer(reviewId, answer('warn', 'c.2'), 'ben')
      return policies.byVersions(versions)
    })
    const given = await one(GiveReviews).answer(reviewId, answer('warn', 'c.2'), 'ben')
    other.mockRestore()
    expect(given).toMatchObject({ by: 'ben', measure: 'warn', clause: 'c.2' })
    const stored = await one(ReviewStore).byReviewId(reviewId)
    expect(stored).toMatchObject({ state: 'answered', excluded: ['anna'], answer: given })
  })

  it('gives what a lease let lapse to the next, and takes no answer for it', async () => {
    await decided('anna')
    const { reviewId } = (await one(GiveReviews).next('ben'))!
    clock.set(ahead(LEASE - MINUTE))
    expect(await two(GiveReviews).next('cleo')).toBeNull()
    clock.set(ahead(MINUTE))
    await expect(one(GiveReviews).answer(reviewId, answer('none'), 'ben')).rejects.toMatchObject({
      slug: 'review-lapsed',
    })
    expect(await two(GiveReviews).next('cleo')).toMatchObject({ reviewId })
    await expect(one(GiveReviews).answer(reviewId, answer('none'), 'ben')).rejects.toMatchObject({
      status: 404,
    })
    expect(await one(GiveReviews).next('ben')).toBeNull()
  })

  it('takes a review from who has come to work on its case meanwhile', async () => {
    const { caseId } = await decided('anna')
    const { reviewId } = (await one(GiveReviews).next('ben'))!
    await one(WorkOnCases).note(caseId, person('ben'), 'I looked it up', randomUUID())
    await expect(one(GiveReviews).answer(reviewId, answer('none'), 'ben')).rejects.toMatchObject({
      slug: 'took-part',
    })
    expect(await one(GiveReviews).next('ben')).toBeNull()
    expect(await one(GiveReviews).next('cleo')).toMatchObject({ reviewId })
  })

  it('opens one review for a decision, also when the outbox delivers it again, and none beyond the share', async () => {
    const opened = await aCase()
    await one(WorkOnCases).work(
      opened.caseId,
      { action: 'claim' },
      { caller: person('anna'), requestId: 'r' },
    )
    publisher.failures = 1
    await expect(decide(opened, 'anna')).rejects.toThrow('the broker is away')
    const [{ decisionId, reviewId } = { decisionId: '', reviewId: '' }] = await one(ReviewStore)
      .reviews.find()
      .toArray()
    await two(Relay).drain(one(AccountStore).accounts)
    await two(Relay).drain(one(ReviewStore).reviews)
    const all = await one(ReviewStore).reviews.find().toArray()
    expect(all).toMatchObject([{ decisionId, reviewId, pending: [] }])
    expect(events('review.opened')).toMatchObject([{ subject: `decision/${decisionId}` }])
    env.SECOND_REVIEW_SHARE = 0
    await decided('anna')
    await one(TakeVerdicts).take(
      [aVerdict('automated', 'm1', { severity: 4, at: clock.now() })],
      async () => undefined,
    )
    expect(await one(ReviewStore).reviews.countDocuments()).toBe(1)
  })

  it('leaves out cases in which a finding saw what no review shows', async () => {
    const opened = await aCase()
    const { window, ...finding } = aFinding('f-1', { [opened.account]: ['m'] }, { kind: 'account_risk' })
    const seen = { from: new Date(window.from), to: new Date(window.to) }
    const record = { ...finding, _id: 'fnv-1', window: seen, edges: '[]', caseId: null, addedAt: null }
    await one(FindingStore).keep([record])
    await one(FindingStore).file([{ versionId: 'fnv-1', caseId: opened.caseId, at: clock.now() }])
    clock.set(ahead(1))
    await decide(opened, 'anna', 'none')
    expect(await one(ReviewStore).reviews.countDocuments()).toBe(0)
    const golden = { caseId: opened.caseId, measure: 'none' as const, clause: null, why: 'by the book' }
    await expect(one(KeepGoldenCases).propose(golden, 'anna')).rejects.toMatchObject({
      slug: 'case-with-finding',
    })
  })

  describe('golden cases', () => {
    const proposal = (caseId: string) => ({
      caseId,
      measure: 'limit' as const,
      clause: 'c.2',
      why: 'by the book',
    })

    const kindFor = async (who: string): Promise<string | undefined> => {
      const review = await one(GiveReviews).next(who)
      return review ? (await one(ReviewStore).byReviewId(review.reviewId))?.kind : undefined
    }

    it('need a decided case and two seniors', async () => {
      const open = await aCase()
      await expect(one(KeepGoldenCases).propose(proposal(open.caseId), 'anna')).rejects.toMatchObject({
        slug: 'case-undecided',
      })
      await expect(one(KeepGoldenCases).propose(proposal('none'), 'anna')).rejects.toMatchObject({
        status: 404,
      })
      const { caseId } = await decided('zoe')
      for (let i = 0; i < 3; i++) await decided('zoe')
      const [golden, same] = await Promise.all([
        one(KeepGoldenCases).propose(proposal(caseId), 'anna'),
        two(KeepGoldenCases).propose(proposal(caseId), 'anna'),
      ])
      expect(same._id).toBe(golden._id)
      await expect(one(KeepGoldenCases).propose(proposal(caseId), 'ben')).rejects.toMatchObject({
        slug: 'golden-already',
      })
      await expect(one(KeepGoldenCases).approve(golden._id, 'anna')).rejects.toMatchObject({
        slug: 'own-proposal',
      })
      env.GOLDEN_SHARE = 1
      expect(await kindFor('cleo')).toBe('second')
      await one(KeepGoldenCases).approve(golden._id, 'ben')
      expect(await kindFor('dan')).toBe('golden')
      expect(events('golden_case.approved')).toMatchObject([{ actor: 'ben', caseId }])
    })

    it('look like any second review, are answered once by each, and count for accuracy alone', async () => {
      env.SECOND_REVIEW_SHARE = 0
      const { caseId, account } = await decided('zoe')
      const { _id } = await one(KeepGoldenCases).propose(proposal(caseId), 'anna')
      await one(KeepGoldenCases).approve(_id, 'ben')
      env.GOLDEN_SHARE = 1
      // None while no second review waits: that it came would tell what it is.
      expect(await one(GiveReviews).next('dan')).toBeNull()
      env.GOLDEN_SHARE = 0
      env.SECOND_REVIEW_SHARE = 1
      for (let i = 0; i < 5; i++) await decided('zoe')
      const before = await one(AccountStore).byKey(`p1/${account}`)

      const second = (await one(GiveReviews).next('cleo'))!
      env.GOLDEN_SHARE = 1
      const golden = (await one(GiveReviews).next('dan'))!
      const shape = (value: unknown): unknown =>
        Array.isArray(value)
          ? value.map(shape)
          : typeof value === 'object' && value !== null && !(value instanceof Date)
            ? Object.entries(value).map(([name, inner]) => [name, shape(inner)])
            : typeof value
      expect(shape(golden)).toEqual(shape(second))
      expect(golden.reviewId).toMatch(/^rev_[a-z2-7]{26}$/)
      expect(second.reviewId).toMatch(/^rev_[a-z2-7]{26}$/)
      for (const secret of [_id, caseId, account, 'limit', 'by the book', 'golden', 'anna']) {
        expect(JSON.stringify(golden)).not.toContain(secret)
      }
      // Neither who made it nor who had a part in it.
      expect([await kindFor('anna'), await kindFor('ben'), await kindFor('zoe')]).toEqual([
        'second',
        'second',
        undefined,
      ])
      // The second review in whose place it came waits on.
      expect(await one(ReviewStore).reviews.countDocuments({ kind: 'second', assignee: 'dan' })).toBe(0)

      await one(GiveReviews).answer(golden.reviewId, answer('limit', 'c.2'), 'dan')
      const wrong = (await two(GiveReviews).next('eva'))!
      await two(GiveReviews).answer(wrong.reviewId, answer('none'), 'eva')
      await one(GiveReviews).answer(second.reviewId, answer('suspend', 'c.2'), 'cleo')
      expect(await kindFor('dan')).toBe('second')

      const report = await one(ReportQuality).report(undefined, ahead(1).toISOString())
      expect(report.accuracy).toMatchObject([
        { operator: 'dan', n: 1, right: 1, share: 1, high: 1, few: true },
        { operator: 'eva', n: 1, right: 0, share: 0, low: 0, few: true },
      ])
      // The one second review that was answered; both always said the same, so that kappa is not defined.
      expect(report.all).toEqual({ n: 1, agreed: 1, observed: 1, kappa: null, few: true })
      expect(await one(AccountStore).byKey(`p1/${account}`)).toEqual(before)
      expect(events('review.answered').find(({ code }) => code === 'golden-right')).not.toHaveProperty(
        'accountId',
      )
      expect(await one(ReviewStore).answered({}, 10)).toHaveLength(1)

      await one(KeepGoldenCases).retire(_id, 'ben')
      expect((await one(ReportQuality).report(undefined, ahead(1).toISOString())).accuracy).toEqual([])
    })
  })

  it('reports agreement by category, and one’s own only up to midnight', async () => {
    const plan: [Measure, 2 | 3, Measure, string | null][] = [
      ['suspend', 2, 'suspend', 'c.2'],
      ['suspend', 2, 'warn', 'c.2'],
      ['none', 2, 'none', null],
      ['suspend', 3, 'suspend', 'c.3'],
      ['suspend', 3, 'suspend', 'c.2'],
    ]
    for (const [first, severity, secondly, clause] of plan) {
      await decided('anna', first, severity)
      const { reviewId } = (await one(GiveReviews).next('ben'))!
      await one(GiveReviews).answer(reviewId, answer(secondly, clause), 'ben')
    }
    const report = await one(ReportQuality).report(undefined, ahead(1).toISOString())
    // Fraud: first suspend, suspend, none; second suspend, warn, none: p_o 2/3, p_e 1/3.
    expect(report.agreement).toMatchObject([
      { category: 'fraud', n: 3, agreed: 2, kappa: 0.5 },
      { category: 'violence', n: 2, agreed: 1, kappa: 0 },
    ])
    const own = () => one(ReportQuality).own('anna')
    expect((await own()).all.n).toBe(0)
    clock.set(ahead(DAY))
    expect(await own()).toMatchObject({
      operator: 'anna',
      all: { n: 5, agreed: 3 },
      accuracy: { n: 0, share: null },
    })
    expect((await one(ReportQuality).own('ben')).all.n).toBe(0)
  })

  describe('exposure', () => {
    const shown = (severity: number, messages: number) => [
      { category: 'fraud', severity, views: 1, messages },
    ]
    const now = () => clock.now()

    it('is counted once for each view, however many come at once or again', async () => {
      const views = Array.from({ length: 40 }, (_, i) => `view-${i}`)
      const tell = (store: ExposureStore) => views.map((id) => store.count(id, 'rita', now(), shown(2, 3)))
      await Promise.all([...tell(one(ExposureStore)), ...tell(two(ExposureStore))])
      const [exposure] = await one(ReadExposure).of(['rita'])
      expect(exposure!.today).toMatchObject({ views: 40, messages: 120, graveMessages: 0 })
      expect(exposure!.today.by).toEqual([{ category: 'fraud', severity: 2, views: 40, messages: 120 }])
    })

    it('is told by day, for each by name, and forgotten by the database after 90 days', async () => {
      await one(ExposureStore).count('v1', 'sam', now(), shown(4, 1))
      clock.set(ahead(DAY))
      await one(ExposureStore).count('v2', 'sam', now(), shown(1, 2))
      const [sam] = await one(ReadExposure).of(['sam'])
      expect(sam).toMatchObject({
        overLimit: false,
        dailyLimit: null,
        today: { messages: 2 },
        sevenDays: { messages: 3 },
      })
      clock.set(ahead(6 * DAY))
      expect((await one(ReadExposure).recent(10, 'rita')).map(({ operator }) => operator)).toEqual(['sam'])
      expect((await one(ReadExposure).of(['sam']))[0]!.sevenDays.messages).toBe(2)
      clock.set(ahead(DAY))
      expect(await one(ReadExposure).recent(10, 'rita')).toEqual([])
      const indexes = await instances.connection().db!.collection('exposures').indexes()
      expect(indexes).toContainEqual(
        expect.objectContaining({ key: { day: 1 }, expireAfterSeconds: 90 * 86_400 }),
      )
    })

    it('over the limit of a day leaves milder cases and reviews, until tomorrow', async () => {
      await one(CaseStore).cases.deleteMany({})
      const [mild, grave] = [await aCase(2), await aCase(4)]
      env.EXPOSURE_DAILY_LIMIT = 2
      const next = async (who: string) => {
        const maxSeverity = await one(ReadExposure).mostSevereFor(who)
        return one(WorkOnCases).claimNext(person(who), randomUUID(), { maxSeverity })
      }
      await one(ExposureStore).count('v3', 'tina', now(), shown(3, 2))
      await one(ExposureStore).count('v4', 'uma', now(), shown(3, 1))
      expect((await next('tina'))?._id).toBe(mild.caseId)
      expect(await next('tina')).toBeNull()
      await decided('anna', 'none', 4)
      expect(await one(GiveReviews).next('tina')).toBeNull()
      expect(await one(GiveReviews).next('uma')).not.toBeNull()
      clock.set(ahead(DAY))
      expect((await next('tina'))?._id).toBe(grave.caseId)
    })
  })

  it('finds reviews, exposure and figures by index', async () => {
    const db = instances.connection().db!
    const subject = 'ben'
    const at = clock.now()
    const finds: [string, object, object][] = [
      [
        'reviews',
        { state: 'open', kind: 'second', until: { $lte: at }, excluded: { $ne: subject } },
        { openedAt: 1, _id: 1 },
      ],
      ['reviews', { state: 'open', assignee: subject, until: { $gt: at } }, {}],
      ['reviews', { kind: 'second', 'answer.at': { $type: 'date' } }, { 'answer.at': -1, _id: -1 }],
      [
        'reviews',
        { kind: 'second', disagreement: true, 'answer.at': { $type: 'date' } },
        { 'answer.at': -1, _id: -1 },
      ],
      ['exposures', { operator: { $in: [subject] }, day: { $gte: at } }, {}],
      ['golden_cases', { state: 'approved' }, { proposedAt: 1, _id: 1 }],
    ]
    for (const [collection, filter, sort] of finds) {
      const plan = JSON.stringify(
        await db
          .collection(collection)
          .find(filter)
          .sort(sort as never)
          .explain('queryPlanner'),
      )
      const winning = JSON.stringify(
        (JSON.parse(plan) as { queryPlanner: { winningPlan: unknown } }).queryPlanner.winningPlan,
      )
      expect(winning, winning).toContain('IXSCAN')
      expect(winning).not.toMatch(/COLLSCAN|"SORT"/)
    }
  })
})
