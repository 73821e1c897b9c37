import type { PolicyRecord } from '#libs/contracts/policy-record'
import { RetryableError } from '#libs/runtime/errors'
import { compileJudge } from '#libs/policy/judge-message'
import { parsePolicy } from '#libs/policy/parse-policy'
import type { Policy } from '#libs/policy/policy-document'
import { type Bank, type LinkBankEntry, parseBank, type WordEntry } from './detectors/banks.js'
import { Claims } from './detectors/claims.js'
import { Lexicon, type LexiconEntry } from './detectors/lexicon.js'
import { type LinkEntry, Links } from './detectors/links.js'
import type { InForce } from './policy/policy-book.rules.js'

/** A policy with its banks, compiled: what a message is judged by. */
export interface Judge {
  readonly policyVersion: string
  readonly bankVersions: Readonly<Record<string, string>>
  readonly lexicon: Lexicon
  readonly links: Links
  readonly claims: Claims
  readonly judge: ReturnType<typeof compileJudge>
}

/**
 * A published document that this version of the service cannot read: it must not judge at all, rather than judge wrongly. What
 * it would judge waits for a version of the service that can, or for another policy.
 */
export class UnreadablePolicyError extends RetryableError {
  constructor(message: string) {
    super('unreadable-policy', message)
  }
}

/** Compiles the documents in force. Throws an UnreadablePolicyError. */
export function buildJudge({ policy: record, banks }: InForce): Judge {
  const { policy, issues } = parsePolicy(JSON.stringify(record.document ?? null))
  if (!policy) {
    throw new UnreadablePolicyError(
      `Policy ${record.version} cannot be read: ${issues.map((issue) => issue.reason).join('; ')}`,
    )
  }
  const read = banks.map(readBank)
  return {
    policyVersion: record.version,
    bankVersions: Object.fromEntries(banks.map((bank) => [bank.name, bank.version])),
    lexicon: new Lexicon(
      read.flatMap((bank) => (bank.kind === 'words' ? bank.entries.map(withStanding) : [])),
    ),
    links: new Links(
      read.flatMap((bank) => (bank.kind === 'links' ? bank.entries.map(linkWithStanding) : [])),
    ),
    claims: new Claims(read.flatMap((bank) => (bank.kind === 'claims' ? bank.entries : []))),
    judge: compiled(policy, record.version),
  }
}

/** What two people did not approve of leads to review; a phrase is no proof by itself unless its entry says so. */
function withStanding(entry: WordEntry): LexiconEntry {
  const standing = !entry.act ? 'review' : entry.unambiguous === true ? 'alone' : 'company'
  return { ...entry, standing }
}

/** A host is not a phrase: what is named in the bank is what the link leads to. */
function linkWithStanding(entry: LinkBankEntry): LinkEntry {
  return { ...entry, standing: entry.act ? 'alone' : 'review' }
}

function compiled(policy: Policy, version: string): Judge['judge'] {
  try {
    return compileJudge(policy)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new UnreadablePolicyError(`Policy ${version} cannot be compiled: ${reason}`)
  }
}

function readBank({ name, version, document }: PolicyRecord): Bank {
  const { bank, errors } = parseBank(JSON.stringify(document ?? null))
  if (bank && errors.length === 0) return bank
  const reasons = errors.map(({ path, message }) => `${path} ${message}`).join('; ')
  throw new UnreadablePolicyError(`Bank ${name} ${version} cannot be read: ${reasons}`)
}
