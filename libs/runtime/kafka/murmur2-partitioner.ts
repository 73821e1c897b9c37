import type { ICustomPartitioner } from 'kafkajs'

/** `Utils.murmur2` of the Java client, on the bytes of a key; a signed 32-bit number. */
export function murmur2(bytes: Buffer): number {
  const M = 0x5bd1e995
  const { length } = bytes
  let hash = 0x9747b28c ^ length
  const whole = length & ~3
  for (let at = 0; at < whole; at += 4) {
    let word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    word = Math.imul(word, M)
    word ^= word >>> 24
    hash = Math.imul(hash, M) ^ Math.imul(word, M)
  }
  const rest = length & 3
  if (rest === 3) hash ^= bytes[whole + 2]! << 16
  if (rest >= 2) hash ^= bytes[whole + 1]! << 8
  if (rest >= 1) hash = Math.imul(hash ^ bytes[whole]!, M)
  hash = Math.imul(hash ^ (hash >>> 13), M)
  return hash ^ (hash >>> 15)
}

/**
 * The partition that the Java client, and kafkajs, choose for a key; without a key those with a leader take turns. The
 * partitioner of kafkajs computes the same with numbers of any size, which takes ten times as long.
 */
export const murmur2Partitioner: ICustomPartitioner = () => {
  let turn = 0
  return ({ partitionMetadata, message: { key, partition } }) => {
    if (partition !== undefined && partition !== null) return partition
    const count = partitionMetadata.length
    if (key !== null && key !== undefined) {
      const hash = murmur2(typeof key === 'string' ? Buffer.from(key) : key)
      return (hash & 0x7fffffff) % count
    }
    const led = partitionMetadata.filter(({ leader }) => leader >= 0)
    const among = led.length > 0 ? led : partitionMetadata
    return among[turn++ % among.length]!.partitionId
  }
}
