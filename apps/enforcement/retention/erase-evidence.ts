import { Injectable } from '@nestjs/common'
import { accountKey, derivedId } from '#libs/contracts/ids'
import type { AuditEntry } from '#libs/contracts/audit-record'
import { storable } from '#libs/audit/chain'
import { isClosed } from '../appeals/appeal-transitions.js'
import { AccountLedger } from '../ledger/account-ledger.js'
import { AccountStore, type AccountDocument } from '../ledger/account.store.js'
import { AppealStore, type AppealDocument } from '../appeals/appeal.store.js'
import { AuditLog } from '../audit/audit-log.js'
import type { CaseDocument, CaseEntry } from '../ledger/cases/case.js'
import { CaseEntryStore } from '../ledger/cases/case-entry.store.js'
import { CaseStore } from '../ledger/cases/case.store.js'
import { DecisionStore } from '../ledger/decisions/decision.store.js'
import type { FindingRecord } from '../ledger/findings/finding.js'
import { FindingStore } from '../ledger/findings/finding.store.js'
import { digestOf, withoutContent, withoutTexts } from '../ledger/erased-content.rules.js'
import { eraseProfile, hasProfile, profileLook } from './erase-profile.rules.js'
import { type FiledEntry, type FiledFinding, ReadEvidenceFacts } from './evidence-facts.js'
import {
  appealTextUntil,
  evidenceUntil,
  type EvidenceTerms,
  nextLook,
} from '../ledger/evidence-time.rules.js'

/** What is erased, as metrics and the audit log name it. */
export const ERASED_KINDS = ['evidence', 'finding', 'appeal', 'answer', 'notes', 'profile'] as const
export type ErasedKind = (typeof ERASED_KINDS)[number]

/** What one look came to. */
export interface Looked {
  /** So many were due: as many as asked for where there may be more. */
  due: number
  erased: number
}

/** When to look again at something that is still needed, or null: its time is over. */
type Look = Date | null

const SCHEDULED = { eraseAt: 1, eraser: 1 } as const
const ENTRY = {
  ...SCHEDULED,
  caseId: 1,
  addedAt: 1,
  platformId: 1,
  accountId: 1,
  messageId: 1,
  waitsSince: 1,
  strayedAt: 1,
} as const
type DueEntry = Pick<
  CaseEntry,
  '_id' | 'caseId' | 'addedAt' | 'platformId' | 'accountId' | 'messageId' | 'waitsSince' | 'strayedAt'
>
const FINDING = { ...SCHEDULED, caseId: 1, addedAt: 1, edges: 1, strayedAt: 1 } as const

/**
 * Erases the content of what is needed no more, and looks again later at what is. Whoever looks has claimed it. That something is
 * erased is in the audit log, under an id that follows from what it is, before it is: cut off between, another does it and the log says
 * it once (docs/adr/0122).
 */
@Injectable()
export class EraseEvidence {
  constructor(
    private readonly facts: ReadEvidenceFacts,
    private readonly entries: CaseEntryStore,
    private readonly findings: FindingStore,
    private readonly appeals: AppealStore,
    private readonly decisions: DecisionStore,
    private readonly cases: CaseStore,
    private readonly accounts: AccountStore,
    private readonly ledger: AccountLedger,
    private readonly log: AuditLog,
  ) {}

  async look(what: ErasedKind, now: Date, terms: EvidenceTerms, limit: number): Promise<Looked> {
    switch (what) {
      case 'evidence':
        return this.lookAtEntries(now, terms, limit)
      case 'finding':
        return this.lookAtFindings(now, terms, limit)
      case 'appeal':
        return this.lookAtAppeals(now, terms, limit)
      case 'answer':
        return this.lookAtAnswers(now, terms, limit)
      case 'notes':
        return this.lookAtNotes(now, terms, limit)
      case 'profile':
        return this.lookAtProfiles(now, limit)
    }
  }

  /** Since when the first of a kind has been due; null where none is. */
  async overdueSince(what: ErasedKind, now: Date): Promise<Date | null> {
    const stores = {
      evidence: this.entries,
      finding: this.findings,
      appeal: this.appeals,
      answer: this.decisions,
      notes: this.cases,
      profile: this.accounts,
    }
    return stores[what].erasures.overdueSince(now)
  }

  private async lookAtEntries(now: Date, terms: EvidenceTerms, limit: number): Promise<Looked> {
    const { eraser, documents } = await this.entries.erasures.claim<DueEntry & CaseEntry>(now, limit, ENTRY)
    const filed = documents.filter((one): one is typeof one & FiledEntry => one.caseId !== null)
    const facts = await this.facts.ofEntries(filed)
    const looks = documents.map((entry) => {
      const found = facts.get(entry._id)
      const { at, strays } = found
        ? lookOf(evidenceUntil(found, terms), now, terms)
        : strayLook(entry, now, terms)
      return { id: entry._id, at, ...(strays ? { set: { strayedAt: now } } : {}) }
    })
    await this.entries.erasures.lookAgain(eraser, still(looks))
    const over = gone(documents, looks)
    if (over.length === 0) return { due: documents.length, erased: 0 }
    await this.log.append(over.map((entry) => entryOf(entry, now)))
    await this.accounts.lookAtProfiles([...new Set(over.map(keyOf))], now)
    const messages = await this.entries.messagesOf(over.map(({ _id }) => _id))
    const remains = messages.map(({ _id: id, message }) => ({
      id,
      set: withoutContent(message, now),
      unset: ['copyKeys', 'strayedAt'],
    }))
    return { due: documents.length, erased: await this.entries.erasures.erase(eraser, remains) }
  }

  private async lookAtFindings(now: Date, terms: EvidenceTerms, limit: number): Promise<Looked> {
    const { eraser, documents } = await this.findings.erasures.claim<FindingRecord>(now, limit, FINDING)
    const filed = documents.filter((one): one is typeof one & FiledFinding => one.caseId !== null)
    const facts = await this.facts.ofFindings(filed)
    const looks = documents.map((finding) => {
      const found = facts.get(finding._id)
      const { at, strays } = found
        ? lookOf(evidenceUntil(found, terms), now, terms)
        : strayLook(finding, now, terms)
      return { id: finding._id, at, ...(strays ? { set: { strayedAt: now } } : {}) }
    })
    await this.findings.erasures.lookAgain(eraser, still(looks))
    const over = gone(documents, looks)
    await this.log.append(
      over.map(({ _id, caseId }) =>
        said('finding', _id, now, caseId ? `case/${caseId}` : `finding/${_id}`, caseId ? { caseId } : {}),
      ),
    )
    const remains = over.map(({ _id: id, edges }) => ({
      id,
      set: { edges: '[]', edgesSha256: digestOf(edges), erasedAt: now },
      unset: ['strayedAt'],
    }))
    return { due: documents.length, erased: await this.findings.erasures.erase(eraser, remains) }
  }

  private async lookAtAppeals(now: Date, terms: EvidenceTerms, limit: number): Promise<Looked> {
    const { eraser, documents } = await this.appeals.erasures.claim(now, limit)
    const measures = await this.facts.measuresOf(documents)
    const looks = documents.map((appeal) => {
      const until = appealTextUntil(measures.get(appeal._id) ?? null, [closedAt(appeal)], terms)
      return { id: appeal._id, at: lookOf(until, now, terms).at }
    })
    await this.appeals.erasures.lookAgain(eraser, still(looks))
    const over = gone(documents, looks)
    await this.log.append(
      over.map(({ _id, platformId, accountId, caseId }) =>
        said('appeal', _id, now, `appeal/${_id}`, { platformId, accountId, caseId }),
      ),
    )
    const remains = over.map((appeal) => ({ id: appeal._id, set: remainsOfAppeal(appeal, now) }))
    return { due: documents.length, erased: await this.appeals.erasures.erase(eraser, remains) }
  }

  private async lookAtAnswers(now: Date, terms: EvidenceTerms, limit: number): Promise<Looked> {
    await this.decisions.scheduleAnswers(limit)
    const { eraser, documents } = await this.decisions.erasures.claim(now, limit)
    const facts = await this.facts.ofAnswers(documents)
    const looks = documents.map(({ _id: id }) => ({
      id,
      at: lookOf(evidenceUntil(facts.get(id)!, terms), now, terms).at,
    }))
    await this.decisions.erasures.lookAgain(eraser, still(looks))
    const over = gone(documents, looks)
    await this.log.append(
      over.map(({ _id, platformId, accountId, caseId }) =>
        said('answer', _id, now, `decision/${_id}`, { platformId, accountId, caseId, decisionId: _id }),
      ),
    )
    const remains = over.map(({ _id: id, answer }) => ({ id, set: { answer: withoutTexts(answer) } }))
    return { due: documents.length, erased: await this.decisions.erasures.erase(eraser, remains) }
  }

  private async lookAtNotes(now: Date, terms: EvidenceTerms, limit: number): Promise<Looked> {
    const { eraser, documents } = await this.cases.erasures.claim(now, limit)
    const looks: { id: string; at: Look }[] = []
    for (const found of documents)
      looks.push({ id: found._id, at: await this.lookOfNotes(found, now, terms) })
    await this.cases.erasures.lookAgain(eraser, still(looks))
    const over = gone(documents, looks)
    const written = over.filter(({ notes }) => notes.some(({ text }) => text !== ''))
    await this.log.append(written.map((found) => notesEntry(found, now)))
    const remains = written.map(({ _id: id, notes }) => ({ id, set: { notes: withoutTexts(notes) } }))
    const erased = await this.cases.erasures.erase(eraser, remains)
    await this.cases.erasures.lookAgain(
      eraser,
      over.map(({ _id: id }) => ({ id, at: null })),
    )
    return { due: documents.length, erased }
  }

  /** Notes are about the evidence of a case and go with the last of it. */
  private async lookOfNotes(found: CaseDocument, now: Date, terms: EvidenceTerms): Promise<Look> {
    const file = await this.cases.fileOf(found._id)
    const root = file.find(({ mergedInto }) => !mergedInto) ?? found
    if (root.state !== 'decided' && root.state !== 'closed') return nextLook(now, terms)
    const caseIds = [...file, found].map(({ _id }) => _id)
    const [entry, finding] = await Promise.all([
      this.entries.nextErasure({ caseIds }),
      this.findings.nextErasure(caseIds),
    ])
    const kept = [entry, finding].filter((at) => at !== null)
    if (kept.length > 0) return later(new Date(Math.max(...kept.map((at) => at.getTime()))), now)
    const last = Math.max(0, ...found.notes.map(({ at }) => at.getTime()))
    return lookOf(new Date(last + terms.keepAfterAppeal), now, terms).at
  }

  private async lookAtProfiles(now: Date, limit: number): Promise<Looked> {
    const { eraser, documents } = await this.accounts.erasures.claim(now, limit)
    const looks: { id: string; at: Look }[] = []
    for (const account of documents) {
      const kept = await this.entries.nextErasure({
        platformId: account.platformId,
        accountId: account.accountId,
      })
      looks.push({ id: account._id, at: kept ? later(kept, now) : profileLook(account, now) })
    }
    await this.accounts.erasures.lookAgain(eraser, still(looks))
    const over = gone(documents, looks)
    await this.log.append(over.filter(hasProfile).map((account) => profileEntry(account, now)))
    let erased = 0
    const done: { id: string; at: Look }[] = []
    for (const { _id: id, platformId, accountId } of over) {
      let at: Look = null
      await this.ledger.change([
        {
          platformId,
          accountId,
          actor: 'system',
          make: (facts, context) => {
            at = facts.state && profileLook(facts.state, context.now)
            return eraseProfile(facts, context)
          },
        },
      ])
      if (at === null) erased++
      done.push({ id, at })
    }
    await this.accounts.erasures.lookAgain(eraser, done)
    return { due: documents.length, erased }
  }
}

/** The look that follows from when it is over; none where it is. */
function lookOf(until: Date | null, now: Date, terms: EvidenceTerms): { at: Look; strays?: boolean } {
  if (until === null) return { at: nextLook(now, terms) }
  return { at: until <= now ? null : until }
}

/**
 * What no case has taken in may be on its way, or its record was given up: then it never comes into one, unless its dead letter is
 * redriven, for which there are fourteen days. What waits for its account is kept until that has it.
 */
function strayLook(
  { strayedAt, waitsSince }: { strayedAt?: Date; waitsSince?: Date },
  now: Date,
  terms: EvidenceTerms,
): { at: Look; strays?: boolean } {
  if (waitsSince) return { at: nextLook(now, terms) }
  const until = strayedAt ? new Date(strayedAt.getTime() + LONGEST_STRAY_MS) : null
  if (until === null) return { at: new Date(now.getTime() + LONGEST_STRAY_MS), strays: true }
  return lookOf(until, now, terms)
}

const LONGEST_STRAY_MS = 15 * 86_400_000

/** The last moment before something else is looked at; never at once again. */
function later(at: Date, now: Date): Date {
  return new Date(Math.max(at.getTime(), now.getTime() + 1_000))
}

function still<T extends { at: Look }>(looks: readonly T[]): T[] {
  return looks.filter(({ at }) => at !== null)
}

function gone<T extends { _id: string }>(
  documents: readonly T[],
  looks: readonly { id: string; at: Look }[],
): T[] {
  const over = new Set(looks.filter(({ at }) => at === null).map(({ id }) => id))
  return documents.filter(({ _id }) => over.has(_id))
}

function closedAt({ state, decision, updatedAt, facts = [] }: AppealDocument & WithFacts): Date | null {
  if (!isClosed(state)) return null
  const instants = [decision?.at ?? updatedAt, ...facts.map(({ at }) => at)]
  return new Date(Math.max(...instants.map((at) => at.getTime())))
}

/** What is told after the decision keeps the appeal for as long again. */
interface WithFacts {
  facts?: readonly { at: Date }[]
}

/** Whatever was written in it; what was decided on it, and why, stays. */
function remainsOfAppeal(appeal: AppealDocument, now: Date): object {
  const { _id, decision: _decision, pending: _pending, ...rest } = appeal
  const without = withoutTexts<Record<string, unknown>>({ ...rest })
  const changed = Object.entries(without).filter(
    ([name, value]) => value !== (rest as Record<string, unknown>)[name],
  )
  return { ...Object.fromEntries(changed), erasedAt: now }
}

function keyOf({ platformId, accountId }: Pick<DueEntry, 'platformId' | 'accountId'>): string {
  return accountKey(platformId, accountId)
}

function entryOf(
  { _id: verdictId, caseId, platformId, accountId, messageId }: DueEntry,
  now: Date,
): AuditEntry {
  const subject = caseId ? `case/${caseId}` : `verdict/${verdictId}`
  const facts = { platformId, accountId, messageId, verdictId, ...(caseId ? { caseId } : {}) }
  return said('evidence', verdictId, now, subject, facts)
}

function notesEntry({ _id: caseId, platformId, accountId, notes }: CaseDocument, now: Date): AuditEntry {
  const whose = platformId && accountId ? { platformId, accountId } : {}
  return said('notes', `${caseId}/${notes.length}`, now, `case/${caseId}`, { caseId, ...whose })
}

function profileEntry({ _id, platformId, accountId, rev }: AccountDocument, now: Date): AuditEntry {
  return said('profile', `${_id}/${rev}`, now, `account/${_id}`, { platformId, accountId })
}

/** `cause`: of what is erased once, its id. */
function said(
  what: ErasedKind,
  cause: string,
  now: Date,
  subject: string,
  facts: Partial<AuditEntry>,
): AuditEntry {
  const entryId = derivedId('era', what, cause)
  const at = now.toISOString()
  return storable({ entryId, kind: 'evidence.erased', at, actor: 'system', code: what, subject, ...facts })
}
