import type { PolicyRecord } from '#libs/contracts/policy-record'
import { type Bank, type LinkEntry as BankLinkEntry, readBank } from '#libs/policy/banks/bank-entries'
import { type BankDocument, bankDocumentOf } from '#libs/policy/banks/bank-versions'
import { compileJudge } from '#libs/policy/judge-message'
import { parsePolicy } from '#libs/policy/parse-policy'
import type { Policy } from '#libs/policy/policy-document'
import { inOneGo } from '#libs/runtime/turns'
import { Claims } from './detectors/claims.js'
import type { Lexicon } from './detectors/lexicon.js'
import { type LinkEntry, Links } from './detectors/links.js'
import { MediaHashes } from './detectors/media-hashes.js'
import { Lexicons } from './lexicons.js'
import type { InForce } from './policy/policy-book.rules.js'
import { UnreadablePolicyError } from './unreadable-policy.js'

/** A policy with its banks, compiled: what a message is judged by. */
export interface Judge {
  readonly policyVersion: string
  readonly bankVersions: Readonly<Record<string, string>>
  readonly lexicon: Lexicon
  readonly links: Links
  readonly claims: Claims
  readonly media: MediaHashes
  readonly judge: ReturnType<typeof compileJudge>
}

/** Compiles the documents in force. `lexicons`: what was built of words before. Throws an UnreadablePolicyError. */
export function buildJudge(found: InForce, lexicons = new Lexicons()): Judge {
  return inOneGo(buildingJudge(found, lexicons))
}

/** The same in pieces, between which others may have their turn. */
export function* buildingJudge(
  { policy: record, banks }: InForce,
  lexicons: Lexicons,
): Generator<undefined, Judge> {
  const { policy, issues } = parsePolicy(JSON.stringify(record.document ?? null))
  if (!policy) {
    throw new UnreadablePolicyError(
      `Policy ${record.version} cannot be read: ${issues.map((issue) => issue.reason).join('; ')}`,
    )
  }
  const documents = banks.map((bank) => ({ bank, document: mustBeBank(bank) }))
  const words = documents.filter(({ document }) => document.kind === 'words')
  const read: Bank[] = []
  for (const one of documents) {
    if (one.document.kind !== 'words') read.push(readDocument(one))
    yield
  }
  const lexicon = yield* lexicons.building(words.flatMap(({ document }) => document.entries))
  const links = read.flatMap((bank) => (bank.kind === 'links' ? bank.entries.map(linkWithStanding) : []))
  yield
  return {
    policyVersion: record.version,
    bankVersions: Object.fromEntries(banks.map((bank) => [bank.name, bank.version])),
    lexicon,
    links: new Links(links),
    claims: new Claims(read.flatMap((bank) => (bank.kind === 'claims' ? bank.entries : []))),
    media: new MediaHashes(read.flatMap((bank) => (bank.kind === 'hashes' ? bank.entries : []))),
    judge: compiled(policy, record.version),
  }
}

/** A host is not a phrase: what is named in the bank is what the link leads to. */
function linkWithStanding({ act, ...entry }: BankLinkEntry): LinkEntry {
  return { ...entry, standing: act ? 'alone' : 'review' }
}

function compiled(policy: Policy, version: string): Judge['judge'] {
  try {
    return compileJudge(policy)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new UnreadablePolicyError(`Policy ${version} cannot be compiled: ${reason}`)
  }
}

function mustBeBank({ name, version, document }: PolicyRecord): BankDocument {
  const found = document && bankDocumentOf(document)
  if (!found)
    throw new UnreadablePolicyError(`Bank ${name} ${version} cannot be read: it is of no kind known here.`)
  return found
}

function readDocument({
  bank: { name, version },
  document,
}: {
  bank: PolicyRecord
  document: BankDocument
}): Bank {
  const { bank, errors } = readBank(document)
  if (bank && errors.length === 0) return bank
  const reasons = errors.map(({ path, message }) => `${path} ${message}`).join('; ')
  throw new UnreadablePolicyError(`Bank ${name} ${version} cannot be read: ${reasons}`)
}
