import { Injectable } from '@nestjs/common'
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { accountKey } from '#libs/contracts/ids'
import { Clock } from '#libs/runtime/clock'
import { PermanentError } from '#libs/runtime/errors'
import type { Policy } from '#libs/policy/policy-document'
import { CaseEntryStore } from './cases/case-entry.store.js'
import { DecisionStore, type DecisionDocument } from './decisions/decision.store.js'
import { parseDeadlines } from '../platforms/deadlines.rules.js'
import { DirectiveStore } from './directives/directive.store.js'
import type { Exoneration, JudgedText } from './exonerations/exoneration.js'
import { ExonerationStore } from './exonerations/exoneration.store.js'
import { FindingStore } from './findings/finding.store.js'
import { countHeldBack } from './exonerations/count-held-back.js'
import { countChanges } from '../outbox/count-changes.js'
import { Outbox } from '../outbox/outbox.js'
import { PlatformStore, type PlatformDocument } from '../platforms/platform.store.js'
import { PolicyStore } from '../policies/policy.store.js'
import { AnswerLinks } from './statements/answer-links.js'
import { AppealLinks } from './statements/appeal-links.js'
import {
  ArchivedStrikesNeeded,
  type AccountChange,
  type AccountFacts,
  type ChangeContext,
  type MessageMeasures,
} from './account-draft.rules.js'
import { AccountStore, type AccountDocument } from './account.store.js'
import { strikeIdOf, type StrikeRecord } from './account-state.js'
import { ReachStore } from './reach.store.js'
import { StrikeStore, type KeptStrike } from './strikes/strike.store.js'
import { Rounds } from '../store/rounds.js'

/** A change that somebody wants to make to an account. */
export interface AccountRequest {
  platformId: string
  accountId: string
  actor: string
  /** What the change is about, to be read with the account. */
  messageIds?: readonly string[]
  decisionIds?: readonly string[]
  /** Cases of which the change needs to know what people decided on them. */
  decidedCaseIds?: readonly string[]
  /** Decisions that it undoes. */
  undoes?: readonly string[]
  /** Directives that it is about: all decisions that stand on them by then are read with the account, and count as undone. */
  directiveIds?: readonly string[]
  verdictIds?: readonly string[]
  /** Versions of findings. */
  findingIds?: readonly string[]
  policyVersions?: readonly string[]
  /** Exonerations that it may meet. */
  exonerationIds?: readonly string[]
  /**
   * Makes the change from the facts, or null where there is nothing to change. Called again with newer facts when somebody
   * else changed the account meanwhile. `taken`: those of the verdicts and findings that are in a case already.
   */
  make: (facts: AccountFacts, context: ChangeContext, taken: ReadonlySet<string>) => AccountChange | null
}

/** Those who lost an account to each other come back at different moments. */
const LONGEST_PAUSE_MS = 200

/** Expiries of archived strikes that one change tells; the rest come with the next, which is due at once. */
const MAX_EXPIRIES = 200
/**
 * The default ladder ends at 16 points, so that some 64 strikes of one point stay active: each further one is archived as soon
 * as it may be.
 */
const ARCHIVING = { over: 32, times: 2 }

interface Loaded {
  accounts: Map<string, AccountDocument>
  strikes: Map<string, StrikeRecord[]>
  nextArchivedExpiries: Map<string, Date | null>
  decisions: Map<string, DecisionDocument[]>
  messages: Map<string, MessageMeasures[]>
  platforms: Map<string, PlatformDocument>
  policies: Map<string, Policy>
  taken: Set<string>
  shared: Set<string>
  exonerations: Map<string, Exoneration>
  judged: Map<string, JudgedText>
  reach: Map<string, Record<string, number>>
}

/**
 * Changes accounts: reads what the rules need, lets them decide, stores each change with its outbox in one guarded update,
 * then delivers the outboxes. A fixed number of round trips for any number of accounts. When a call resolves, all of it is durable
 * and published; where it is cut off, the relay or the next change of the account completes it.
 */
@Injectable()
export class AccountLedger {
  constructor(
    private readonly accounts: AccountStore,
    private readonly strikes: StrikeStore,
    private readonly decisions: DecisionStore,
    private readonly entries: CaseEntryStore,
    private readonly directives: DirectiveStore,
    private readonly findings: FindingStore,
    private readonly platforms: PlatformStore,
    private readonly policies: PolicyStore,
    private readonly reach: ReachStore,
    private readonly exonerations: ExonerationStore,
    private readonly links: AppealLinks,
    private readonly answerLinks: AnswerLinks,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /**
   * Makes the changes, at most one per account. `evidenceStored` is awaited before any is stored: what they refer to, on its way
   * to the database meanwhile. @throws PermanentError `unknown-platform`, `unknown-policy`
   */
  async change(requests: readonly AccountRequest[], evidenceStored?: Promise<void>): Promise<void> {
    if (requests.length === 0) return
    let open = [...requests]
    for (const rounds = new Rounds('The account'); ; rounds.next()) {
      if (rounds.lost > 0) await sleep(Math.random() * Math.min(20 * rounds.lost, LONGEST_PAUSE_MS))
      const loaded = await this.load(open)
      const made: { request: AccountRequest; change: AccountChange }[] = []
      for (const request of open) {
        const change = await this.makeOne(request, loaded)
        if (change) made.push({ request, change })
      }
      await evidenceStored
      if (made.length === 0) return
      const won = await this.accounts.compareAndSet(
        made.map(({ change }) => change),
        randomUUID(),
      )
      const stored = made.filter(({ change }) => won.has(change.state._id))
      for (const { change } of stored) {
        countChanges(change.pending)
        countHeldBack(change.pending)
      }
      const holders = stored.map(({ change }) => ({ _id: change.state._id, pending: change.pending }))
      await this.outbox.deliver(holders, this.accounts.accounts)
      open = made.filter(({ change }) => !won.has(change.state._id)).map(({ request }) => request)
      if (open.length === 0) return
    }
  }

  /** What a change would do, without doing it. */
  async preview(request: AccountRequest): Promise<AccountChange | null> {
    return this.makeOne(request, await this.load([request]))
  }

  private async makeOne(request: AccountRequest, loaded: Loaded): Promise<AccountChange | null> {
    try {
      return this.makeFrom(request, loaded)
    } catch (error) {
      if (!(error instanceof ArchivedStrikesNeeded)) throw error
      const key = accountKey(request.platformId, request.accountId)
      const strikes = await this.strikes.allOfAccount(key)
      const policies = await this.policies.byVersions(strikes.map((strike) => strike.policyVersion))
      return this.makeFrom(
        request,
        {
          ...loaded,
          strikes: new Map([...loaded.strikes, [key, strikes]]),
          policies: new Map([...loaded.policies, ...policies]),
        },
        true,
      )
    }
  }

  private makeFrom(request: AccountRequest, loaded: Loaded, areAll = false): AccountChange | null {
    const { platformId, accountId } = request
    const key = accountKey(platformId, accountId)
    const nextArchivedExpiry = loaded.nextArchivedExpiries.get(key)
    const document = loaded.accounts.get(key)
    const state = document ? stateOf(document) : null
    const facts: AccountFacts = {
      platformId,
      accountId,
      state,
      strikes: loaded.strikes.get(key) ?? [],
      areAll,
      ...(nextArchivedExpiry === undefined ? {} : { nextArchivedExpiry }),
      decisions: (loaded.decisions.get(key) ?? []).map(
        ({ _id, accountKey: _key, accountRev: _rev, ...rest }) => rest,
      ),
      messages: loaded.messages.get(key) ?? [],
      reach: loaded.reach.get(key) ?? {},
      shared: loaded.shared,
      judged: loaded.judged,
    }
    return request.make(facts, this.contextOf(request, loaded), loaded.taken)
  }

  private contextOf({ platformId, actor }: AccountRequest, loaded: Loaded): ChangeContext {
    const platform = loaded.platforms.get(platformId)
    if (!platform) throw new PermanentError('unknown-platform', `Platform ${platformId} is not registered.`)
    const now = this.clock.now()
    const { policy, version } = this.policies.inForce(now)
    return {
      now,
      actor,
      policy,
      policyVersion: version,
      policies: new Map([...loaded.policies, [version, policy]]),
      platform: {
        platformId,
        mode: platform.mode,
        deadlines: parseDeadlines(platform.deadlines).deadlines,
      },
      exonerations: loaded.exonerations,
      archiving: ARCHIVING,
      answerUrl: (decisionId, issuedAt) => this.answerLinks.linkFor(decisionId, issuedAt),
      appealUrl: (statementId, issuedAt, expiresAt) => this.links.linkFor(statementId, issuedAt, expiresAt),
    }
  }

  /** The accounts, at revisions whose outboxes are delivered: their collections are complete. */
  private async withoutPending(keys: readonly string[]): Promise<AccountDocument[]> {
    const ready: AccountDocument[] = []
    let open = keys
    for (const rounds = new Rounds('The account'); ; rounds.next()) {
      const found = await this.accounts.byKeys(open)
      const behind = found.filter((account) => account.pending.length > 0)
      ready.push(...found.filter((account) => account.pending.length === 0))
      await this.outbox.deliver(behind, this.accounts.accounts)
      open = behind.map((account) => account._id)
      if (open.length === 0) return ready
    }
  }

  /**
   * Reads accounts first and the rest after: what is read later can only be newer, and then the guarded update fails.
   */
  private async load(requests: readonly AccountRequest[]): Promise<Loaded> {
    const keys = requests.map((request) => accountKey(request.platformId, request.accountId))
    const accounts = await this.withoutPending(keys)
    // Nothing is kept of an account that is not there; one that is made meanwhile makes the guarded update fail.
    const existing = accounts.map((account) => account._id)
    const decisionIds = accounts.flatMap((account) => [
      ...account.steps
        .filter(({ state }) => state === 'in_force' || state === 'held' || state === 'paused')
        .map((step) => step.decisionId),
      ...account.decided.map((measure) => measure.decisionId),
    ])
    const about = requests.flatMap((request) => request.messageIds ?? [])
    const [active, named, standing, byPeople, verdicts, findings, platforms, measures, reach, exonerations] =
      await Promise.all([
        this.strikes.ofAccounts(existing),
        this.decisions.byIds([
          ...decisionIds,
          ...requests.flatMap((request) => request.undoes ?? []),
          ...requests.flatMap((request) => request.decisionIds ?? []),
        ]),
        this.decisions.onDirectives(requests.flatMap((request) => request.directiveIds ?? [])),
        this.decisions.byPeopleOn(requests.flatMap((request) => request.decidedCaseIds ?? [])),
        this.entries.taken(requests.flatMap((request) => request.verdictIds ?? [])),
        this.findings.taken(requests.flatMap((request) => request.findingIds ?? [])),
        this.platforms.byIds([...new Set(requests.map((request) => request.platformId))]),
        this.directives.onMessages(existing, about),
        this.reach.byKeys(keys),
        // After the accounts: what a grant left behind is there before its account is changed again.
        this.exonerations.byIds(requests.flatMap((request) => request.exonerationIds ?? [])),
        this.policies.refresh(this.clock.now()),
      ])
    const decisions =
      standing.length + byPeople.length === 0
        ? named
        : [...new Map([...named, ...standing, ...byPeople].map((one) => [one._id, one])).values()]
    const undone = new Set([
      ...requests.flatMap((request) => request.undoes ?? []),
      ...standing.map(({ _id }) => _id),
    ])
    const waiting = [...named, ...byPeople].filter(({ state }) => state === 'held')
    const held = [...waiting, ...standing].flatMap(({ messages }) =>
      messages.map((message) => message.messageId),
    )
    const archived = await this.archivedStrikes(requests, accounts, held)
    const strikes = distinct([...active, ...archived.strikes])
    const undoes = decisions.filter(({ _id }) => undone.has(_id))
    const [shared, judged, messages, policies] = await Promise.all([
      this.decisions.shared(undoes),
      this.entries.judgedTexts(undoes.flatMap(({ verdictIds }) => verdictIds)),
      held.length === 0 ? measures : this.directives.onMessages(existing, [...about, ...held]),
      this.policies.byVersions([
        ...strikes.map((strike) => strike.policyVersion),
        ...decisions.flatMap(({ policyVersion, messages: about }) => [
          policyVersion,
          ...about.flatMap(({ receivedUnder = [] }) => receivedUnder),
        ]),
        ...requests.flatMap((request) => request.policyVersions ?? []),
      ]),
    ])
    return {
      accounts: new Map(accounts.map((account) => [account._id, account])),
      strikes: grouped(strikes),
      nextArchivedExpiries: archived.nextExpiries,
      decisions: grouped(decisions),
      messages,
      platforms: new Map(platforms.map((platform) => [platform._id, platform])),
      policies,
      taken: new Set([...verdicts, ...findings]),
      shared,
      exonerations,
      judged,
      reach,
    }
  }

  /** Of accounts that have archived strikes, those that a change is about: of its messages, and those whose expiry is due. */
  private async archivedStrikes(
    requests: readonly AccountRequest[],
    accounts: readonly AccountDocument[],
    heldMessageIds: readonly string[],
  ): Promise<{ strikes: KeptStrike[]; nextExpiries: Map<string, Date | null> }> {
    const withArchived = new Map(
      accounts.filter(({ archived }) => archived.spans.length > 0).map((account) => [account._id, account]),
    )
    const nextExpiries = new Map<string, Date | null>()
    if (withArchived.size === 0) return { strikes: [], nextExpiries }
    const ids = requests.flatMap(({ platformId, accountId, messageIds = [] }) =>
      withArchived.has(accountKey(platformId, accountId))
        ? [...messageIds, ...heldMessageIds].map((id) => strikeIdOf(platformId, accountId, id))
        : [],
    )
    const now = this.clock.now()
    const due = [...withArchived.values()].filter(
      ({ archived }) => archived.nextExpiresAt && archived.nextExpiresAt <= now,
    )
    const lapsing = await Promise.all(
      due.map(async ({ _id }) => {
        const first = await this.strikes.archivedOfAccount(_id, MAX_EXPIRIES + 1)
        const expired = first.slice(0, MAX_EXPIRIES).filter(({ expiresAt }) => expiresAt <= now)
        nextExpiries.set(_id, first[expired.length]?.expiresAt ?? null)
        return expired
      }),
    )
    return { strikes: [...(await this.strikes.byIds(ids)), ...lapsing.flat()], nextExpiries }
  }
}

function distinct(strikes: readonly KeptStrike[]): KeptStrike[] {
  return [...new Map(strikes.map((strike) => [strike.strikeId, strike])).values()]
}

function stateOf(document: AccountDocument): AccountFacts['state'] {
  const {
    pending: _pending,
    writers: _writers,
    searchName: _name,
    eraseAt: _at,
    eraser: _who,
    ...state
  } = document
  return state
}

function grouped<T extends { accountKey: string }>(items: readonly T[]): Map<string, T[]> {
  return Map.groupBy(items, (item) => item.accountKey)
}
