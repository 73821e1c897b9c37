import type { PolicyRecord } from '#libs/contracts/policy-record'
import { compileJudge } from '#libs/policy/judge-message'
import { parsePolicy } from '#libs/policy/parse-policy'
import { Lexicon, type LexiconEntry } from './detectors/lexicon.js'
import { Links, type LinkEntry } from './detectors/links.js'
import type { InForce } from './policy/policy-book.rules.js'

/** A policy with its banks, compiled: what a message is judged by. */
export interface Judge {
  readonly policyVersion: string
  readonly bankVersions: Readonly<Record<string, string>>
  readonly lexicon: Lexicon
  readonly links: Links
  readonly judge: ReturnType<typeof compileJudge>
}

/** A published policy that this version of the service cannot read: it must not judge at all, rather than judge wrongly. */
export class UnreadablePolicyError extends Error {
  override readonly name = 'UnreadablePolicyError'
  readonly slug = 'unreadable-policy'
}

/** Compiles the documents in force. Throws an UnreadablePolicyError. */
export function buildJudge({ policy: record, banks }: InForce): Judge {
  const { policy, issues } = parsePolicy(JSON.stringify(record.document))
  if (!policy) {
    throw new UnreadablePolicyError(
      `Policy ${record.version} cannot be read: ${issues.map((issue) => issue.reason).join('; ')}`,
    )
  }
  return {
    policyVersion: record.version,
    bankVersions: Object.fromEntries(banks.map((bank) => [bank.name, bank.version])),
    lexicon: new Lexicon(entriesOf<LexiconEntry>(banks, 'words')),
    links: new Links(entriesOf<LinkEntry>(banks, 'links')),
    judge: compileJudge(policy),
  }
}

function entriesOf<T>(banks: readonly PolicyRecord[], name: string): T[] {
  const bank = banks.find((one) => one.name === name)
  return ((bank?.document['entries'] as T[] | undefined) ?? []).slice()
}
