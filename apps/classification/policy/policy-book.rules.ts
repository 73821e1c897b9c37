import type { PolicyRecord } from '#libs/contracts/policy-record'
import { bankDocumentOf, BankVersions } from '#libs/policy/banks/bank-versions'
import { chosenFor, isSameForAll, type Period, reignAt, type Reign, reignsOf } from '#libs/policy/periods'

/** The documents that apply to one message: exactly one policy, and of each bank the version in force; all with their text. */
export interface InForce {
  readonly policy: PolicyRecord
  readonly banks: readonly PolicyRecord[]
}

/** From `from` up to `until` (milliseconds since 1970, not included) the same publications count. */
export interface PolicyPage {
  readonly from: number
  readonly until: number
  /** Whether all accounts have the same documents. */
  readonly sameForAll: boolean
  /**
   * What applies to an account. Undefined while no policy does, or the text of the one that does has not come: a message
   * that was received then cannot be judged, and must not be called clear.
   */
  readonly forAccount: (account: string) => InForce | undefined
}

/** All that was ever published: which documents judge a message received at an instant. */
export interface PolicyBook {
  readonly pageAt: (at: number) => PolicyPage
}

interface PublishedPeriod extends Period {
  readonly record: PolicyRecord
}

/**
 * Opens the book of the records of `weir.policies.v1`. It depends on their set, not on their order. `versions`: what was put together of
 * banks, to be kept from one book to the next.
 */
export function openBook(published: Iterable<PolicyRecord>, versions = new BankVersions()): PolicyBook {
  const records = [...published]
  const policies = reignsOf(records.filter(({ kind }) => kind === 'policy').map(periodOf))
  const whole = withBase(assemble(records.filter(({ kind }) => kind === 'bank')))
  const banks = [...Map.groupBy(whole, ({ name }) => name)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, ofBank]) => reignsOf(ofBank.map(periodOf)))
  const textOf = textsOf([...records.filter(({ kind }) => kind === 'policy'), ...whole], versions)
  return {
    pageAt: (at) =>
      pageOf(
        reignAt(policies, at),
        banks.map((bank) => reignAt(bank, at)),
        textOf,
      ),
  }
}

/** What judges a message of an account that was received at an instant; see `PolicyPage.forAccount`. */
export function inForceAt(
  records: Iterable<PolicyRecord>,
  receivedAt: Date,
  account: string,
): InForce | undefined {
  return openBook(records).pageAt(receivedAt.getTime()).forAccount(account)
}

/** The documents of these versions, with their text; or which of them is not there. */
export function documentsNamed(
  published: Iterable<PolicyRecord>,
  policyVersion: string,
  bankVersions: Readonly<Record<string, string>>,
): InForce | { readonly missing: string } {
  const records = [...published]
  const policies = records.filter(({ kind }) => kind === 'policy')
  const whole = withBase(assemble(records.filter(({ kind }) => kind === 'bank')))
  const textOf = textsOf([...policies, ...whole], new BankVersions())
  const policy = firstWithText(policies, policyVersion, textOf)
  if (!policy) return { missing: `version ${policyVersion} of the policy, which is not there` }
  const banks: PolicyRecord[] = []
  // In the order of their names, as in the book: of two entries that say the same, the first is named.
  for (const [name, version] of Object.entries(bankVersions).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const bank = firstWithText(
      whole.filter((one) => one.name === name),
      version,
      textOf,
    )
    if (!bank) return { missing: `version ${version} of the bank ${name}, which is not there` }
    banks.push(bank)
  }
  return { policy, banks }
}

function firstWithText(
  records: readonly PolicyRecord[],
  version: string,
  textOf: (record: PolicyRecord) => PolicyRecord | undefined,
): PolicyRecord | undefined {
  const [found] = records.filter((one) => one.version === version)
  return found && textOf(found)
}

function pageOf(
  policy: Reign<PublishedPeriod>,
  banks: readonly Reign<PublishedPeriod>[],
  textOf: (record: PolicyRecord) => PolicyRecord | undefined,
): PolicyPage {
  const reigns = [policy, ...banks]
  return {
    from: Math.max(...reigns.map(({ from }) => from)),
    until: Math.min(...reigns.map(({ until }) => until)),
    sameForAll: reigns.every(isSameForAll),
    forAccount: (account) => {
      const chosen = chosenFor(policy, account)
      const document = chosen && textOf(chosen.record)
      if (!document) return undefined
      const inForce = banks.flatMap((bank) => chosenFor(bank, account) ?? [])
      return { policy: document, banks: inForce.flatMap(({ record }) => textOf(record) ?? []) }
    },
  }
}

function periodOf(record: PolicyRecord): PublishedPeriod {
  const { name, version, state, rollout, effectiveFrom, publication, publishedAt } = record
  return {
    name,
    version,
    mode: state,
    rollout,
    effectiveFrom: Date.parse(effectiveFrom),
    publication: publication ?? 0,
    publishedAt: Date.parse(publishedAt),
    record,
  }
}

/** The text of a version comes with one of its publications and is that of all; of a bank it may say only what changed. */
function textsOf(
  records: readonly PolicyRecord[],
  versions: BankVersions,
): (record: PolicyRecord) => PolicyRecord | undefined {
  const texts = new Map<string, Record<string, unknown>>()
  const keyOf = (kind: string, name: string, version: string): string => JSON.stringify([kind, name, version])
  for (const { kind, name, version, document } of records)
    if (document) texts.set(keyOf(kind, name, version), document)
  const bankText = (name: string) => (version: string) => {
    const text = texts.get(keyOf('bank', name, version))
    return text && bankDocumentOf(text)
  }
  return (record) => {
    const { kind, name, version } = record
    const document = record.document ?? texts.get(keyOf(kind, name, version))
    if (kind !== 'bank' || document?.['base'] === undefined) return document && { ...record, document }
    const whole = versions.whole(name, version, bankText(name))
    return whole && { ...record, document: { ...whole } }
  }
}

/** Without versions that change one whose text is not there: they do not count, and the one before them does. */
function withBase(banks: readonly PolicyRecord[]): PolicyRecord[] {
  const baseOf = new Map<string, string | undefined>()
  const keyOf = (name: string, version: string): string => JSON.stringify([name, version])
  for (const { name, version, document } of banks)
    if (document) baseOf.set(keyOf(name, version), bankDocumentOf(document)?.base)
  const complete = new Map<string, boolean>()
  const isComplete = (name: string, version: string): boolean => {
    const chain: string[] = []
    let known: boolean | undefined
    for (let at: string | undefined = version; at !== undefined;) {
      const key = keyOf(name, at)
      known = complete.get(key) ?? (baseOf.has(key) ? undefined : false)
      if (known !== undefined) break
      // Until it is known: a circle is complete nowhere.
      complete.set(key, false)
      chain.push(key)
      at = baseOf.get(key)
    }
    for (const key of chain) complete.set(key, known ?? true)
    return known ?? true
  }
  return banks.filter(({ name, version }) => isComplete(name, version))
}

/** Puts banks that travelled in chunks together; a version with a chunk missing does not count, nor what is published of it later. */
function assemble(banks: readonly PolicyRecord[]): PolicyRecord[] {
  const whole = banks.filter((bank) => bank.document && !bank.chunk)
  const parts = Map.groupBy(
    banks.filter((bank) => bank.chunk),
    (bank) => JSON.stringify([bank.name, bank.version]),
  )
  for (const chunks of parts.values()) {
    const ordered = [...chunks].sort((a, b) => a.chunk!.index - b.chunk!.index)
    if (ordered.length !== ordered[0]!.chunk!.count) continue
    const { chunk: _chunk, ...first } = ordered[0]!
    const entries = ordered.flatMap((part) => (part.document?.['entries'] as unknown[] | undefined) ?? [])
    whole.push({ ...first, document: { ...first.document, entries } })
  }
  const complete = new Set(whole.map(({ name, version }) => JSON.stringify([name, version])))
  const later = banks.filter((bank) => !bank.document && !bank.chunk)
  return [...whole, ...later.filter(({ name, version }) => complete.has(JSON.stringify([name, version])))]
}
