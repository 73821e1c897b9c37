import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AuditEntry, AuditRecord } from '#libs/contracts/audit-record'
import type { Checkpoint } from '#libs/contracts/checkpoint'
import {
  AUDIT_SHARDS,
  type AuditShard,
  chainOnto,
  EMPTY_TAIL,
  recordHash,
  shardOf,
  storable,
  tailAt,
} from './chain.js'
import { signNote, unsignedNote } from './checkpoint-note.js'
import { headLine, recordLine } from './export-lines.js'
import { type Finding, LogVerifier, type VerifyOptions } from './log-verifier.js'

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const START = Date.parse('2026-11-24T07:00:00Z')

/** A log of entries, appended in batches, one per shard and account. */
type Log = ReadonlyMap<AuditShard, readonly AuditRecord[]>

function logOf(entries: readonly AuditEntry[]): Log {
  const log = new Map<AuditShard, AuditRecord[]>(AUDIT_SHARDS.map((shard) => [shard, []]))
  entries.forEach((entry, index) => {
    const shard = shardOf(entry)
    const records = log.get(shard)!
    const last = records.at(-1)
    records.push(
      ...chainOnto(last ? tailAt(last) : EMPTY_TAIL, shard, [entry], new Date(START + index * 1_000)),
    )
  })
  return log
}

const origin = (shard: string): string => `weir.test/audit/${shard}`

function noteOf(shard: string, records: readonly AuditRecord[]): string {
  const { size, head } = records.length === 0 ? EMPTY_TAIL : tailAt(records.at(-1)!)
  return signNote({ origin: origin(shard), size, head }, privateKey)
}

function checkpointOf(shard: string, records: readonly AuditRecord[]): Checkpoint {
  const { size, head, loggedAt: at } = tailAt(records.at(-1)!)
  return { shard, size, head, note: noteOf(shard, records), at }
}

function headsOf(log: Log, from: (shard: AuditShard) => number = () => 0): string[] {
  return [...log].map(([shard, records]) =>
    headLine({ shard, first: from(shard), note: noteOf(shard, records) }),
  )
}

const recordsOf = (log: Log): AuditRecord[] => [...log.values()].flat()
const linesOf = (log: Log): string[] => [...headsOf(log), ...recordsOf(log).map(recordLine)]

function verify(
  text: string | Buffer,
  checkpoints: readonly Checkpoint[] = [],
  options?: VerifyOptions,
): readonly Finding[] {
  const verifier = new LogVerifier([publicKey], checkpoints, options)
  let rest = Buffer.from(text)
  for (let end; (end = rest.indexOf(0x0a)) >= 0; rest = rest.subarray(end + 1))
    verifier.line(rest.subarray(0, end))
  if (rest.length > 0) verifier.line(rest, true)
  return verifier.finish().findings
}

const places = (findings: readonly Finding[]): string[] => findings.map(({ shard, seq }) => `${shard}/${seq}`)
const placeOf = ({ shard, seq }: AuditRecord): string => `${shard}/${seq}`

const anEntry = (n: number, over: Partial<AuditEntry> = {}): AuditEntry => ({
  entryId: `ev_${n}`,
  kind: 'strike.added',
  subject: `strike/${n}`,
  at: new Date(START + n).toISOString(),
  actor: 'system',
  ...over,
})

const entries = fc
  .array(
    fc.record({
      actor: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }),
      account: fc.integer({ min: 0, max: 9 }),
      points: fc.double({ min: 0, max: 1_000_000, noNaN: true }),
      automated: fc.boolean(),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((some) =>
    some.map(({ account, ...rest }, n) =>
      storable(anEntry(n, { ...rest, platformId: 'p1', accountId: `acc-${account}` })),
    ),
  )

describe('a chain', () => {
  it('hashes as documented', () => {
    const entry = anEntry(1, { accountId: 'b', platformId: 'a' })
    const [first, second] = chainOnto(EMPTY_TAIL, '2', [entry, anEntry(2)], new Date(START))
    const canonical =
      '{"entry":{"accountId":"b","actor":"system","at":"2026-11-24T07:00:00.001Z","entryId":"ev_1","kind":"strike.added",' +
      '"platformId":"a","subject":"strike/1"},"loggedAt":"2026-11-24T07:00:00.000Z","seq":0,"shard":"2"}'
    const leaf = createHash('sha256').update('\0').update(canonical).digest()
    const hash = createHash('sha256').update('\x01').update(Buffer.alloc(32)).update(leaf).digest('base64')
    expect(first).toMatchObject({ seq: 0, prevHash: Buffer.alloc(32).toString('base64'), hash })
    expect(second).toMatchObject({ seq: 1, prevHash: hash })
  })

  it('never goes back in time', () => {
    const tail = { size: 3, head: EMPTY_TAIL.head, loggedAt: '2030-01-01T00:00:00.000Z' }
    expect(chainOnto(tail, '0', [anEntry(1)], new Date(START))[0]!.loggedAt).toBe(tail.loggedAt)
  })

  it('keeps what is about one account together, and spreads accounts', () => {
    const of = (n: number, subject: string) =>
      shardOf(anEntry(1, { platformId: 'p', accountId: `a${n}`, subject }))
    expect(of(1, 'case/1')).toBe(of(1, 'decision/2'))
    expect(new Set(Array.from({ length: 60 }, (_, n) => of(n, 'x'))).size).toBe(AUDIT_SHARDS.length)
  })

  it('takes entries as the database gives them back', () => {
    const odd = { ...anEntry(1), actor: 'a\ud800', code: null, until: undefined } as unknown as AuditEntry
    expect(storable(odd)).toStrictEqual(anEntry(1, { actor: 'a\ufffd' }))
  })
})

describe('an export', () => {
  it('that nobody touched has nothing wrong with it, whichever checkpoints were kept', () => {
    fc.assert(
      fc.property(entries, fc.infiniteStream(fc.boolean()), (some, keep) => {
        const log = logOf(some)
        const kept = [...log].flatMap(([shard, records]) =>
          records.map((_, index) => checkpointOf(shard, records.slice(0, index + 1))),
        )
        const checkpoints = kept.filter(() => keep.next().value)
        expect(verify(linesOf(log).join(''), checkpoints)).toStrictEqual([])
      }),
      { numRuns: 300 },
    )
  })

  it('with one byte changed is found out, with the place', () => {
    fc.assert(
      fc.property(entries, fc.nat(), fc.integer({ min: 1, max: 255 }), (some, at, difference) => {
        const log = logOf(some)
        const lines = linesOf(log)
        const bytes = Buffer.from(lines.join(''))
        const offset = at % bytes.length
        bytes[offset]! ^= difference
        const found = verify(bytes)
        expect(found.length).toBeGreaterThan(0)
        let end = 0
        const line = lines.findIndex((one) => (end += Buffer.byteLength(one)) > offset)
        if (line >= AUDIT_SHARDS.length) {
          expect(places(found)).toContain(placeOf(recordsOf(log)[line - AUDIT_SHARDS.length]!))
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('with one record taken out is found out, with the place', () => {
    fc.assert(
      fc.property(entries, fc.nat(), (some, which) => {
        const log = logOf(some)
        const records = recordsOf(log)
        const gone = records[which % records.length]!
        const found = verify(
          [...headsOf(log), ...records.filter((one) => one !== gone).map(recordLine)].join(''),
        )
        expect(found.map(({ fault }) => fault)).toStrictEqual([
          gone.seq === log.get(gone.shard as AuditShard)!.length - 1 ? 'truncated' : 'missing',
        ])
        expect(places(found)).toStrictEqual([placeOf(gone)])
      }),
    )
  })

  it('with a head taken out is found out, with the shard', () => {
    const lines = linesOf(logOf(Array.from({ length: 20 }, (_, n) => anEntry(n))))
    for (const index of AUDIT_SHARDS.keys()) {
      const found = verify(lines.toSpliced(index, 1).join(''))
      expect(found).toContainEqual(
        expect.objectContaining({ fault: 'truncated', shard: AUDIT_SHARDS[index] }),
      )
    }
  })

  it('with two lines exchanged is found out, with the place', () => {
    fc.assert(
      fc.property(entries, fc.nat(), fc.nat(), (some, a, b) => {
        const log = logOf(some)
        const records = recordsOf(log)
        const [i, j] = [a % records.length, b % records.length].sort((x, y) => x - y) as [number, number]
        fc.pre(i !== j)
        const mixed = records.with(i, records[j]!).with(j, records[i]!)
        const found = verify([...headsOf(log), ...mixed.map(recordLine)].join(''))
        expect(found.map(({ fault }) => fault)).toContain('reordered')
        expect(places(found).some((place) => [i, j].some((k) => placeOf(records[k]!) === place))).toBe(true)
        const heads = headsOf(log)
        const swapped = heads.with(0, heads[1]!).with(1, heads[0]!)
        expect(verify([...swapped, ...records.map(recordLine)].join(''))).not.toStrictEqual([])
      }),
    )
  })

  it('with a record in it twice is found out, with the place', () => {
    fc.assert(
      fc.property(entries, fc.nat(), (some, which) => {
        const log = logOf(some)
        const records = recordsOf(log)
        const index = which % records.length
        const twice = records.toSpliced(index, 0, records[index]!)
        const found = verify([...headsOf(log), ...twice.map(recordLine)].join(''))
        expect(found).toMatchObject([
          { fault: 'repeated', shard: records[index]!.shard, seq: records[index]!.seq },
        ])
      }),
    )
  })

  it('cut off anywhere is found out, with the place', () => {
    fc.assert(
      fc.property(entries, fc.nat(), (some, at) => {
        const log = logOf(some)
        const lines = linesOf(log)
        const bytes = Buffer.from(lines.join(''))
        const length = at % bytes.length
        const found = verify(bytes.subarray(0, length))
        expect(found.length).toBeGreaterThan(0)
        let end = 0
        const lost = lines.findIndex((one) => (end += Buffer.byteLength(one)) > length)
        if (lost >= AUDIT_SHARDS.length) {
          expect(places(found)).toContain(placeOf(recordsOf(log)[lost - AUDIT_SHARDS.length]!))
        }
      }),
      { numRuns: 1_000 },
    )
  })

  /** Whoever holds the database, but not the key, changes a record and hashes everything anew. */
  it('rewritten with new hashes from one record on is found out by the checkpoints', () => {
    fc.assert(
      fc.property(entries, fc.nat(), fc.nat(), (some, which, cut) => {
        const log = logOf(some)
        const victim = recordsOf(log)[which % recordsOf(log).length]!
        const shard = victim.shard as AuditShard
        const records = log.get(shard)!
        let prevHash = records[victim.seq]!.prevHash
        const forged = records.map((record, seq) => {
          if (seq < victim.seq) return record
          const entry =
            seq === victim.seq ? { ...record.entry, actor: `${record.entry.actor}x` } : record.entry
          const changed = { ...record, prevHash, entry }
          prevHash = recordHash(changed)
          return { ...changed, hash: prevHash }
        })
        const text = [...headsOf(log), ...recordsOf(new Map(log).set(shard, forged)).map(recordLine)].join('')
        const kept = checkpointOf(shard, records.slice(0, (cut % records.length) + 1))
        const found = verify(text, [kept])
        const first = kept.size > victim.seq ? kept.size : records.length
        expect(found[0]).toMatchObject({ fault: 'forked', shard, seq: first - 1 })
      }),
    )
  })

  it('with one record replaced, and its own hash made anew, is found out behind it', () => {
    const log = logOf(Array.from({ length: 6 }, (_, n) => anEntry(n, { platformId: 'p', accountId: 'a' })))
    const records = recordsOf(log)
    const forged = { ...records[2]!, entry: { ...records[2]!.entry, actor: 'nobody' } }
    const lines = records.with(2, { ...forged, hash: recordHash(forged) }).map(recordLine)
    expect(verify([...headsOf(log), ...lines].join(''))).toMatchObject([
      { fault: 'altered', shard: forged.shard, seq: 3 },
    ])
  })

  it('replaced by an older one, with its genuine head, is found out by a newer checkpoint that was kept', () => {
    fc.assert(
      fc.property(entries, fc.nat(), (some, cut) => {
        const log = logOf(some)
        const [shard, records] = [...log].find(([, { length }]) => length > 0)!
        const older = new Map(log).set(shard, records.slice(0, cut % records.length))
        const text = linesOf(older).join('')
        expect(verify(text)).toStrictEqual([])
        const newest = checkpointOf(shard, records)
        const at = cut % records.length
        expect(verify(text, [newest])).toMatchObject([{ fault: 'truncated', shard, seq: at }])
        expect(verify(text, [newest], { to: new Date(newest.at) })).toStrictEqual([])
      }),
    )
  })

  it('of a part is verified as such, and only when a part was asked for', () => {
    fc.assert(
      fc.property(entries, fc.nat(), fc.nat(), (some, from, which) => {
        const log = logOf(some)
        const first = (shard: AuditShard): number => from % (log.get(shard)!.length + 1)
        const part = [...log].flatMap(([shard, records]) => records.slice(first(shard)))
        const text = [...headsOf(log, first), ...part.map(recordLine)].join('')
        expect(verify(text, [], { partial: true })).toStrictEqual([])
        const late = AUDIT_SHARDS.filter((shard) => first(shard) > 0)
        expect(verify(text)).toMatchObject(late.map((shard) => ({ fault: 'missing', shard, seq: 0 })))
        if (part.length === 0) return
        const gone = part[which % part.length]!
        const rest = part.filter((one) => one !== gone).map(recordLine)
        expect(places(verify([...headsOf(log, first), ...rest].join(''), [], { partial: true }))).toContain(
          placeOf(gone),
        )
      }),
    )
  })

  it('says up to where checkpoints that were kept elsewhere prove it', () => {
    fc.assert(
      fc.property(entries, fc.nat(), (some, cut) => {
        const log = logOf(some)
        const [shard, records] = [...log].find(([, { length }]) => length > 0)!
        const size = (cut % records.length) + 1
        const verifier = new LogVerifier([publicKey], [checkpointOf(shard, records.slice(0, size))])
        for (const line of linesOf(log)) verifier.line(Buffer.from(line.trimEnd()))
        const { findings, shards } = verifier.finish()
        expect(findings).toStrictEqual([])
        for (const one of shards) expect(one.proved).toBe(one.shard === shard ? size : 0)
      }),
    )
  })

  it('that the service did not sign is said to be so, and read all the same', () => {
    const log = logOf(Array.from({ length: 6 }, (_, n) => anEntry(n, { platformId: 'p', accountId: 'a' })))
    const [shard, records] = [...log].find(([, { length }]) => length > 0)!
    const older = records.slice(0, 4)
    const { size, head } = tailAt(older.at(-1)!)
    const note = unsignedNote({ origin: origin(shard), size, head })
    const heads = headsOf(log).with(AUDIT_SHARDS.indexOf(shard), headLine({ shard, first: 0, note }))
    const found = verify([...heads, ...older.map(recordLine)].join(''), [checkpointOf(shard, records)])
    expect(found.map(({ fault, seq }) => [fault, seq])).toStrictEqual([
      ['unsigned', null],
      ['truncated', 4],
    ])
    // Nor does it help to take a signature away.
    const whole = [...headsOf(log)]
    const bare = unsignedNote({ origin: origin(shard), ...tailAt(records.at(-1)!) })
    whole[AUDIT_SHARDS.indexOf(shard)] = headLine({ shard, first: 0, note: bare })
    expect(verify([...whole, ...records.map(recordLine)].join(''))).toMatchObject([
      { fault: 'unsigned', shard },
    ])
  })

  it('is verified by the keys that the log had one after the other', () => {
    const log = logOf([anEntry(1), anEntry(2), anEntry(3)])
    const [shard, records] = [...log].find(([, { length }]) => length > 0)!
    const before = generateKeyPairSync('ed25519')
    const first = checkpointOf(shard, records.slice(0, 1))
    const note = signNote(
      { origin: 'weir.old/' + shard, size: first.size, head: first.head },
      before.privateKey,
    )
    const findings = (...keys: KeyObject[]): readonly Finding[] => {
      const verifier = new LogVerifier(keys, [{ ...first, note }])
      for (const line of linesOf(log)) verifier.line(Buffer.from(line.trimEnd()))
      return verifier.finish().findings
    }
    expect(findings(publicKey)).toMatchObject([{ fault: 'bad-checkpoint', shard }])
    expect(findings(publicKey, before.publicKey)).toStrictEqual([])
  })

  it('is not freed from a checkpoint by the instant beside its note, which is not signed', () => {
    const log = logOf(Array.from({ length: 4 }, (_, n) => anEntry(n, { platformId: 'p', accountId: 'a' })))
    const [shard, records] = [...log].find(([, { length }]) => length > 0)!
    const fork = signNote({ origin: origin(shard), size: 2, head: EMPTY_TAIL.head }, privateKey)
    const kept = {
      ...checkpointOf(shard, records.slice(0, 2)),
      head: EMPTY_TAIL.head,
      note: fork,
      at: '2099-01-01T00:00:00Z',
    }
    expect(verify(linesOf(log).join(''), [kept], { to: new Date('2030-01-01') })).toMatchObject([
      { fault: 'forked', shard, seq: 1 },
    ])
  })

  it('does not believe checkpoints that are not signed by the key, or contradict themselves', () => {
    const log = logOf([anEntry(1), anEntry(2), anEntry(3)])
    const [shard, records] = [...log].find(([, { length }]) => length > 0)!
    const text = linesOf(log).join('')
    const good = checkpointOf(shard, records)
    const foreign = signNote({ ...good, origin: origin(shard) }, generateKeyPairSync('ed25519').privateKey)
    const elsewhere = AUDIT_SHARDS.find((one) => one !== shard)!
    for (const bad of [
      { note: foreign },
      { size: good.size + 1 },
      { head: EMPTY_TAIL.head },
      { shard: elsewhere },
    ]) {
      expect(verify(text, [{ ...good, ...bad }]).map(({ fault }) => fault)).toContain('bad-checkpoint')
    }
    const fork = signNote({ origin: origin(shard), size: good.size, head: EMPTY_TAIL.head }, privateKey)
    expect(verify(text, [good, { ...good, head: EMPTY_TAIL.head, note: fork }])).toMatchObject([
      { fault: 'forked', shard, seq: good.size - 1 },
    ])
  })
})
