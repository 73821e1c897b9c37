import { createHash } from 'node:crypto'
import type { PolicyRecord } from '#libs/contracts/policy-record'

/** The documents that apply to one message: exactly one policy, and the newest version of each bank. */
export interface InForce {
  readonly policy: PolicyRecord
  readonly banks: readonly PolicyRecord[]
}

/**
 * Which documents judge a message: of the live versions whose `effectiveFrom` the broker's receipt of the message has
 * reached, the latest policy whose roll-out covers the account, and of each bank the latest version that is complete.
 * Undefined while no policy applies: such a message cannot be judged, and must not be called clear.
 */
export function inForceAt(
  records: Iterable<PolicyRecord>,
  receivedAt: Date,
  account: string,
): InForce | undefined {
  const effective = [...records].filter(
    (record) => record.state === 'live' && Date.parse(record.effectiveFrom) <= receivedAt.getTime(),
  )
  const policy = effective
    .filter((record) => record.kind === 'policy' && covers(record, account))
    .reduce<PolicyRecord | undefined>(later, undefined)
  if (!policy) return undefined
  const banks = new Map<string, PolicyRecord>()
  for (const bank of assemble(effective.filter((record) => record.kind === 'bank'))) {
    banks.set(bank.name, later(banks.get(bank.name), bank))
  }
  return { policy, banks: [...banks.values()].sort((a, b) => (a.name < b.name ? -1 : 1)) }
}

/**
 * The time around `at` (milliseconds since 1970) in which the same documents are in force for every account, `until` excluded;
 * undefined where a live roll-out may tell accounts apart.
 */
export function periodAt(
  records: Iterable<PolicyRecord>,
  at: number,
): { from: number; until: number } | undefined {
  let [from, until] = [-Infinity, Infinity]
  for (const { state, rollout, effectiveFrom } of records) {
    if (state !== 'live') continue
    if (rollout < 100) return undefined
    const start = Date.parse(effectiveFrom)
    if (start <= at) from = Math.max(from, start)
    else until = Math.min(until, start)
  }
  return { from, until }
}

/** Whether a percentage roll-out covers an account: by hash of account and version, the same on every instance. */
function covers({ rollout, name, version }: PolicyRecord, account: string): boolean {
  if (rollout >= 100) return true
  const hash = createHash('sha256')
    .update(JSON.stringify([name, version, account]))
    .digest()
  return hash.readUInt32BE(0) % 100 < rollout
}

/** The later of two versions: by `effectiveFrom`, then by publication, then by version, so that no tie depends on order. */
function later(a: PolicyRecord | undefined, b: PolicyRecord): PolicyRecord {
  if (!a) return b
  const order =
    Date.parse(b.effectiveFrom) - Date.parse(a.effectiveFrom) ||
    Date.parse(b.publishedAt) - Date.parse(a.publishedAt) ||
    b.version.localeCompare(a.version, 'en', { numeric: true })
  return order > 0 ? b : a
}

/** Puts banks that travelled in chunks together; a version with a chunk missing does not count. */
function assemble(banks: readonly PolicyRecord[]): PolicyRecord[] {
  const whole = banks.filter((bank) => !bank.chunk)
  const parts = Map.groupBy(
    banks.filter((bank) => bank.chunk),
    (bank) => JSON.stringify([bank.name, bank.version]),
  )
  for (const chunks of parts.values()) {
    const ordered = [...chunks].sort((a, b) => a.chunk!.index - b.chunk!.index)
    if (ordered.length !== ordered[0]!.chunk!.count) continue
    const { chunk: _chunk, ...first } = ordered[0]!
    const entries = ordered.flatMap((part) => (part.document['entries'] as unknown[] | undefined) ?? [])
    whole.push({ ...first, document: { ...first.document, entries } })
  }
  return whole
}
