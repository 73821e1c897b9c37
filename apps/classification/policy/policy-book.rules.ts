import type { PolicyRecord } from '#libs/contracts/policy-record'
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

/** Opens the book of the records of `weir.policies.v1`. It depends on their set, not on their order. */
export function openBook(published: Iterable<PolicyRecord>): PolicyBook {
  const records = [...published]
  const policies = reignsOf(records.filter(({ kind }) => kind === 'policy').map(periodOf))
  const whole = assemble(records.filter(({ kind }) => kind === 'bank'))
  const banks = [...Map.groupBy(whole, ({ name }) => name)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, ofBank]) => reignsOf(ofBank.map(periodOf)))
  const textOf = textsOf([...records.filter(({ kind }) => kind === 'policy'), ...whole])
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

/** The text of a version comes with one of its publications and is that of all. */
function textsOf(records: readonly PolicyRecord[]): (record: PolicyRecord) => PolicyRecord | undefined {
  const texts = new Map<string, Record<string, unknown>>()
  const keyOf = ({ kind, name, version }: PolicyRecord): string => JSON.stringify([kind, name, version])
  for (const record of records) if (record.document) texts.set(keyOf(record), record.document)
  return (record) => {
    const document = record.document ?? texts.get(keyOf(record))
    return document && { ...record, document }
  }
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
