import { randomInt } from 'node:crypto'

/** Characters of a revision: SHA-256 in base64url. */
export const REVISION_LENGTH = 43
/** Bytes of a key: three ids of at most 128 characters fit well. */
const LONGEST_KEY = 4_096
const LENGTH_BYTES = 2
const CHUNK_BYTES = 1 << 20
/** With half of the slots free no run of occupied ones grows so long by chance. */
const MAX_PROBES = 512

/**
 * Revisions by key, outside the heap: a collector that moves half a million strings about stops the process for tens of
 * milliseconds. Open addressing with linear probing (Knuth, TAOCP 3, 6.4, algorithm L). Keys are compared byte by byte, not
 * by their hash alone; nothing is removed.
 */
export class RevisionTable {
  /** Where the record of each slot begins, plus one; 0 where the slot is free. */
  private readonly slots: Uint32Array
  private readonly hashes: Uint32Array
  /** Records: length of the key, the key, the revision. None crosses from one chunk into the next. */
  private readonly chunks: Buffer[] = []
  private written = 0
  private count = 0
  private readonly key = Buffer.alloc(LONGEST_KEY)

  /** Holds `capacity` keys, which is at least 1. `hashOf`: 32 bits from the first so many bytes, no sign. */
  constructor(
    private readonly capacity: number,
    private readonly hashOf = secretHash(),
  ) {
    const slots = 2 ** Math.ceil(Math.log2(capacity * 2))
    this.slots = new Uint32Array(slots)
    this.hashes = new Uint32Array(slots)
  }

  /** @throws RangeError for a key that no message can have */
  get(key: string): string | undefined {
    const length = this.load(key)
    const slot = this.find(length, this.hashOf(this.key, length))
    if (slot === undefined || this.slots[slot] === 0) return undefined
    const { chunk, at } = this.recordOf(slot)
    const start = at + LENGTH_BYTES + length
    return chunk.toString('latin1', start, start + REVISION_LENGTH)
  }

  /** Adds a key or replaces its revision. False where there is no room for another key. @throws RangeError */
  set(key: string, revision: string): boolean {
    if (revision.length !== REVISION_LENGTH) throw new RangeError('A revision is a SHA-256 in base64url.')
    const length = this.load(key)
    const hash = this.hashOf(this.key, length)
    const slot = this.find(length, hash)
    if (slot === undefined) return false
    if (this.slots[slot] === 0) {
      if (this.count === this.capacity) return false
      this.count++
      this.hashes[slot] = hash
      this.slots[slot] = this.append(length) + 1
    }
    const { chunk, at } = this.recordOf(slot)
    chunk.write(revision, at + LENGTH_BYTES + length, 'latin1')
    return true
  }

  /** Writes the key where it can be compared, and gives its length in bytes. @throws RangeError */
  private load(key: string): number {
    if (key.length * 3 > LONGEST_KEY) throw new RangeError('The key of a message is too long.')
    return this.key.write(key)
  }

  /** The slot of the key that was loaded, or a free one for it; undefined where none of those it may be in is free. */
  private find(length: number, hash: number): number | undefined {
    const mask = this.slots.length - 1
    for (let probe = 0; probe < MAX_PROBES; probe++) {
      const slot = (hash + probe) & mask
      if (this.slots[slot] === 0) return slot
      if (this.hashes[slot] === hash && this.holds(slot, length)) return slot
    }
    return undefined
  }

  private holds(slot: number, length: number): boolean {
    const { chunk, at } = this.recordOf(slot)
    const start = at + LENGTH_BYTES
    return (
      chunk.readUInt16LE(at) === length && chunk.compare(this.key, 0, length, start, start + length) === 0
    )
  }

  private append(length: number): number {
    const bytes = LENGTH_BYTES + length + REVISION_LENGTH
    const left = this.chunks.length * CHUNK_BYTES - this.written
    if (left < bytes) {
      this.written += left
      this.chunks.push(Buffer.allocUnsafeSlow(CHUNK_BYTES))
    }
    const address = this.written
    const chunk = this.chunks.at(-1)!
    const at = address % CHUNK_BYTES
    chunk.writeUInt16LE(length, at)
    this.key.copy(chunk, at + LENGTH_BYTES, 0, length)
    this.written += bytes
    return address
  }

  private recordOf(slot: number): { chunk: Buffer; at: number } {
    const address = this.slots[slot]! - 1
    return { chunk: this.chunks[Math.floor(address / CHUNK_BYTES)]!, at: address % CHUNK_BYTES }
  }
}

/** FNV-1a from a start that nobody outside knows, mixed as MurmurHash3 ends (Appleby's fmix32). */
function secretHash(): (bytes: Buffer, length: number) => number {
  const seed = randomInt(2 ** 32)
  return (bytes, length) => {
    let hash = seed
    for (let i = 0; i < length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    return (hash ^ (hash >>> 16)) >>> 0
  }
}
