import { hash } from 'node:crypto'

/** RFC 4648 base32 in lower case: no character that a topic key, URL or file name would need to escape. */
const BASE32 = Buffer.from('abcdefghijklmnopqrstuvwxyz234567')
const DIGITS = 26
/** Written anew by each call: a string grown digit by digit would be 26 strings. */
const digits = Buffer.alloc(DIGITS)

/**
 * An id that depends on nothing but its parts, so that a replay derives the same one.
 * `kind` is a short prefix that people can read (`vd`, `dir`, …); the rest holds 130 bits of SHA-256 over the JSON
 * array of kind and parts, an encoding in which no two lists of parts look alike.
 */
export function derivedId(kind: string, ...parts: readonly (string | number)[]): string {
  const digest = hash('sha256', JSON.stringify([kind, ...parts]), 'buffer')
  let bits = 0
  let held = 0
  let next = 0
  for (let i = 0; i < DIGITS; i++) {
    if (bits < 5) {
      held = ((held << 8) | digest[next++]!) & 0xffff
      bits += 8
    }
    bits -= 5
    digits[i] = BASE32[(held >> bits) & 31]!
  }
  return `${kind}_${digits.toString('latin1')}`
}

/** What an account is called in keys: its id is unique only within its platform. */
export function accountKey(platformId: string, accountId: string): string {
  return `${platformId}/${accountId}`
}
