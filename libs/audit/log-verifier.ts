import type { KeyObject } from 'node:crypto'
import type { AuditRecord } from '#libs/contracts/audit-record'
import type { Checkpoint } from '#libs/contracts/checkpoint'
import { AUDIT_SHARDS, EMPTY_TAIL, recordHash } from './chain.js'
import { NoteError, openNote, type NoteText, readUnsignedNote } from './checkpoint-note.js'
import { type ExportHead, parseLine } from './export-lines.js'

/** What can be wrong with a log. */
export type Fault =
  /** A line is not one of an export, or is cut off. */
  | 'malformed'
  /** A record is not what was hashed, or does not follow from its predecessor. */
  | 'altered'
  /** Records between others are not there. */
  | 'missing'
  /** A record stands after one that it came before. */
  | 'reordered'
  /** A record stands there twice. */
  | 'repeated'
  /** The end is not there. */
  | 'truncated'
  /** It is another log than the one that a checkpoint was made of. */
  | 'forked'
  /** A checkpoint is not signed by the key, or contradicts itself. */
  | 'bad-checkpoint'
  /** The service did not sign the end: it found that the log does not continue what was published of it. */
  | 'unsigned'

export interface Finding {
  readonly fault: Fault
  /** Null where it cannot be told. */
  readonly shard: string | null
  readonly seq: number | null
  readonly detail: string
}

/** What was verified of one shard. */
export interface VerifiedShard {
  readonly shard: string
  readonly first: number
  /** One after the last record. */
  readonly size: number
  /** How many checkpoints, the one of the export itself included, say the same. */
  readonly confirmed: number
  /** Up to where checkpoints that were kept elsewhere say the same: one after the last record. What follows only its signer vouches for. */
  readonly proved: number
}

export interface VerifyOptions {
  /** The export may begin later than at the first record. */
  readonly partial?: boolean
  /** Checkpoints of this instant and later are left out: the export was made up to it. */
  readonly to?: Date
}

interface Shard {
  readonly name: string
  head: (NoteText & { first: number }) | null
  /** The place that comes next. */
  next: number
  /** Hash of the predecessor; null where it is not known for certain. */
  prevHash: string | null
  /** Lines at this place that are no records, or not to be believed. */
  spoilt: number
  readonly missing: Set<number>
  /** By size, what checkpoints say the hash of the last record is. */
  readonly heads: Map<number, string>
  /** The newest of the checkpoints. */
  newest: Checkpoint | null
  confirmed: number
  /** The sizes of the checkpoints that were kept elsewhere, and the largest of them that was confirmed. */
  readonly kept: Set<number>
  proved: number
  /** The largest size that a checkpoint has confirmed so far. */
  lastGood: number
}

const ALTERED = 'The record is not the one that was hashed.'
/** More findings than people read. */
const MAX_FINDINGS = 1_000
/** A gap is listed place by place up to this length, so that what comes late is recognised. */
const LONGEST_GAP = 100_000

/**
 * Verifies an export of the audit log against the keys and checkpoints that were kept elsewhere: line by line, in constant
 * memory. Any altered, missing, repeated or reordered record, and a missing end, is found, with shard and place.
 */
export class LogVerifier {
  readonly findings: Finding[] = []
  private readonly shards: Map<string, Shard>
  private current = 0
  private recordsBegun = false
  private lines = 0

  constructor(
    private readonly publicKeys: readonly KeyObject[],
    checkpoints: readonly Checkpoint[],
    private readonly options: VerifyOptions = {},
  ) {
    this.shards = new Map(AUDIT_SHARDS.map((name) => [name, newShard(name)]))
    for (const checkpoint of checkpoints) this.takeCheckpoint(checkpoint)
  }

  /** The next line, without its end. `cutOff`: it had none. */
  line(bytes: Uint8Array, cutOff = false): void {
    this.lines++
    const parsed = parseLine(bytes)
    if (parsed?.head) this.takeHead(parsed.head)
    else if (parsed?.record) this.takeRecord(parsed.record)
    else this.spoil(`Line ${this.lines} is ${cutOff ? 'cut off' : 'no line of an export'}.`)
    if (!cutOff || !parsed) return
    const { shard, seq = null } = parsed.record ?? { shard: parsed.head.shard }
    this.find('malformed', shard, seq, `Line ${this.lines} has no end.`)
  }

  /** To be called after the last line: what is not there is found now. */
  finish(): { findings: readonly Finding[]; shards: VerifiedShard[] } {
    for (const shard of this.shards.values()) this.close(shard)
    return {
      findings: this.findings,
      shards: [...this.shards.values()].map(({ name, head, next, confirmed, proved }) => ({
        shard: name,
        first: head?.first ?? 0,
        size: next,
        confirmed,
        proved,
      })),
    }
  }

  private takeCheckpoint(checkpoint: Checkpoint): void {
    const { shard: name, size, head, note, at } = checkpoint
    const shard = this.shards.get(name)
    const opened = this.open(note, name)
    if (!shard || !opened) return
    if (opened.size !== size || opened.head !== head) {
      return this.find('bad-checkpoint', name, null, `The checkpoint of ${at} is not what its note says.`)
    }
    this.expect(shard, opened)
    shard.kept.add(size)
    // The instant is not signed: it only excuses a part that was asked for from being one.
    if (this.options.to && new Date(at) >= this.options.to) return
    if (!shard.newest || shard.newest.size < size) shard.newest = checkpoint
  }

  private takeHead(head: ExportHead): void {
    const shard = this.shards.get(head.shard)
    if (!shard) return this.spoil(`Line ${this.lines} is of a shard that there is not.`)
    const expected = AUDIT_SHARDS[[...this.shards.values()].filter((one) => one.head).length]
    if (this.recordsBegun || head.shard !== expected) {
      this.find('reordered', head.shard, null, 'The head of the shard does not stand in its place.')
    }
    const unsigned = readUnsignedNote(head.note)
    if (unsigned) this.find('unsigned', head.shard, null, 'The service did not sign where the shard ends.')
    const opened = unsigned ?? this.open(head.note, head.shard)
    if (!opened || shard.head) return
    shard.head = { ...opened, first: head.first }
    shard.next = head.first
    if (head.first > opened.size) {
      this.find(
        'bad-checkpoint',
        shard.name,
        head.first,
        `It is said to begin after its end, ${opened.size}.`,
      )
    }
    if (head.first > 0 && !this.options.partial) {
      this.find('missing', shard.name, 0, `The export begins at record ${head.first}.`)
    }
    shard.prevHash = head.first === 0 ? EMPTY_TAIL.head : (shard.heads.get(head.first) ?? null)
    this.expect(shard, opened)
  }

  private takeRecord(record: AuditRecord): void {
    this.recordsBegun = true
    const { shard: name, seq, prevHash, hash } = record
    const shard = this.shards.get(name)
    if (!shard) return this.spoil(`Line ${this.lines} is of a shard that there is not.`)
    const index = AUDIT_SHARDS.indexOf(shard.name as (typeof AUDIT_SHARDS)[number])
    const sound = recordHash(record) === hash
    // What it says of its own place is not to be believed either.
    if (!sound && !(index === this.current && seq === shard.next)) return this.spoil(ALTERED, 'altered')
    if (!sound) this.find('altered', name, seq, ALTERED)
    if (index < this.current) {
      this.find('reordered', name, seq, 'The record stands behind those of a later shard.')
    }
    this.current = Math.max(this.current, index)
    if (seq < shard.next) return this.takeLate(shard, seq)
    if (seq > shard.next) this.skip(shard, seq)
    else if (sound && shard.prevHash !== null && prevHash !== shard.prevHash) {
      this.find(
        'altered',
        name,
        seq,
        'The record does not follow from the one before: one of them was replaced.',
      )
    }
    shard.spoilt = 0
    shard.next = seq + 1
    shard.prevHash = sound ? hash : null
    if (sound) this.compare(shard, hash)
  }

  private takeLate(shard: Shard, seq: number): void {
    if (shard.missing.delete(seq)) {
      this.find('reordered', shard.name, seq, `The record stands behind record ${shard.next - 1}.`)
    } else {
      this.find('repeated', shard.name, seq, 'The record stands there twice.')
    }
  }

  private skip(shard: Shard, seq: number): void {
    const from = Math.min(shard.next + shard.spoilt, seq)
    for (let place = from; place < Math.min(seq, from + LONGEST_GAP); place++) shard.missing.add(place)
    if (seq - from > LONGEST_GAP) this.find('missing', shard.name, from, `Records ${from} to ${seq - 1}.`)
  }

  /** Compares what is read of a shard so far with the checkpoint of that size. */
  private compare(shard: Shard, hash: string): void {
    const expected = shard.heads.get(shard.next)
    if (expected === undefined) return
    if (expected === hash) {
      shard.confirmed++
      shard.lastGood = shard.next
      if (shard.kept.has(shard.next)) shard.proved = shard.next
      return
    }
    const since = `between record ${shard.lastGood} and this one`
    this.find('forked', shard.name, shard.next - 1, `A checkpoint says otherwise: it was changed ${since}.`)
  }

  private close(shard: Shard): void {
    const { name, head, newest } = shard
    for (const [from, to] of ranges(shard.missing)) {
      this.find('missing', name, from, from === to ? 'The record is not there.' : `Records ${from} to ${to}.`)
    }
    if (!head) return this.find('truncated', name, null, 'The head of the shard is not there.')
    const end = Math.max(shard.next, Math.min(shard.next + shard.spoilt, head.size))
    if (end < head.size) {
      this.find('truncated', name, end, `The export ends here, and has ${head.size} records by its own head.`)
    }
    if (end > head.size) {
      this.find(
        'forked',
        name,
        head.size,
        `The export has ${head.size} records by its own head, and goes on.`,
      )
    }
    if (head.size === 0 && head.head !== EMPTY_TAIL.head) {
      this.find('forked', name, null, 'The head of the shard is not that of an empty one.')
    }
    if (newest && newest.size > head.size) {
      const { size, at } = newest
      const what = `The export ends here; the checkpoint of ${at} says that there are ${size} records.`
      this.find('truncated', name, head.size, what)
    }
  }

  private open(note: string, name: string): NoteText | null {
    try {
      const opened = openNote(note, ...this.publicKeys)
      if (opened.origin.slice(opened.origin.lastIndexOf('/') + 1) === name) return opened
      this.find('bad-checkpoint', name, null, `The checkpoint is of another shard: ${opened.origin}.`)
    } catch (error) {
      if (!(error instanceof NoteError)) throw error
      this.find('bad-checkpoint', name, null, error.message)
    }
    return null
  }

  private expect(shard: Shard, { size, head }: NoteText): void {
    const known = shard.heads.get(size)
    if (known !== undefined && known !== head) {
      this.find('forked', shard.name, size - 1, `Two checkpoints of ${size} records say different things.`)
    }
    shard.heads.set(size, known ?? head)
  }

  /** A line that is no record, or not to be believed, takes the place of the record that should stand there. */
  private spoil(detail: string, fault: Fault = 'malformed'): void {
    const shards = [...this.shards.values()]
    const shard = shards.find(
      ({ head, next, spoilt }, index) => index >= this.current && head && next + spoilt < head.size,
    )
    if (!shard || shards.some(({ head }) => !head)) return this.find(fault, null, null, detail)
    this.find(fault, shard.name, shard.next + shard.spoilt, detail)
    shard.spoilt++
  }

  private find(fault: Fault, shard: string | null, seq: number | null, detail: string): void {
    if (this.findings.length < MAX_FINDINGS) this.findings.push({ fault, shard, seq, detail })
  }
}

function newShard(name: string): Shard {
  return {
    name,
    head: null,
    next: 0,
    prevHash: null,
    spoilt: 0,
    missing: new Set(),
    heads: new Map(),
    newest: null,
    confirmed: 0,
    kept: new Set(),
    proved: 0,
    lastGood: 0,
  }
}

/** The places as runs `[from, to]`. */
function ranges(places: ReadonlySet<number>): [number, number][] {
  const runs: [number, number][] = []
  for (const place of [...places].sort((a, b) => a - b)) {
    const last = runs.at(-1)
    if (last && last[1] === place - 1) last[1] = place
    else runs.push([place, place])
  }
  return runs
}
