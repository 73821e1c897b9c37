import { createHash } from 'node:crypto'

/** RFC 4648 base32 in lower case: no character that a topic key, URL or file name would need to escape. */
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'

/**
 * An id that depends on nothing but its parts, so that a replay derives the same one.
 * `kind` is a short prefix that people can read (`vd`, `dir`, …); the rest holds 130 bits of SHA-256 over the JSON
 * array of kind and parts, an encoding in which no two lists of parts look alike.
 */
export function derivedId(kind: string, ...parts: readonly (string | number)[]): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([kind, ...parts]))
    .digest()
  let id = `${kind}_`
  let bits = 0
  let held = 0
  for (let i = 0; id.length < kind.length + 1 + 26; i++) {
    held = (held << 8) | hash[i]!
    bits += 8
    while (bits >= 5 && id.length < kind.length + 1 + 26) {
      bits -= 5
      id += BASE32[(held >> bits) & 31]!
      held &= (1 << bits) - 1
    }
  }
  return id
}

/** What an account is called in keys: its id is unique only within its platform. */
export function accountKey(platformId: string, accountId: string): string {
  return `${platformId}/${accountId}`
}
