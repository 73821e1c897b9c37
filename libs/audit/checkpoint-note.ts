import { createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto'

/** What a checkpoint says: so many records, the last of them with this hash. */
export interface NoteText {
  /** Which log: its name, and the shard after the last slash. Also the name of the key. */
  readonly origin: string
  readonly size: number
  /** Base64 of 32 bytes. */
  readonly head: string
}

/** Signature type of Ed25519 (C2SP signed-note). */
const ED25519 = 0x01
const KEY_ID_BYTES = 4
const NOTE =
  /^([^\n+\s]+)\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n\n((?:— [^\n+\s]+ [A-Za-z0-9+/=]+\n){1,16})$/

const UNSIGNED = /^([^\n+\s]+)\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n\n$/

/** A note that is not one of ours, or not signed by the key. */
export class NoteError extends Error {
  override readonly name = 'NoteError'
  readonly slug = 'bad-note'
}

/**
 * A signed checkpoint in the form of C2SP tlog-checkpoint: origin, size, hash, an empty line, and the signature (C2SP
 * signed-note, Ed25519). The hash is that of the last record of the chain (docs/adr/0083).
 */
export function signNote(text: NoteText, privateKey: KeyObject): string {
  const body = bodyOf(text)
  const signature = sign(null, Buffer.from(body), privateKey)
  const id = keyId(text.origin, rawPublicKey(privateKey))
  return `${body}\n— ${text.origin} ${Buffer.concat([id, signature]).toString('base64')}\n`
}

/** The same without a signature: what the log says now, and nobody vouches for. */
export function unsignedNote(text: NoteText): string {
  return `${bodyOf(text)}\n`
}

/** What a note without a signature says; null for anything else. */
export function readUnsignedNote(note: string): NoteText | null {
  const [, origin, size, head] = UNSIGNED.exec(note) ?? []
  return origin === undefined || size === undefined || head === undefined
    ? null
    : { origin, size: Number(size), head }
}

/**
 * What a note says, once a signature by one of the keys is checked. Signatures of other keys are passed over, as the
 * specification asks. @throws NoteError
 */
export function openNote(note: string, ...publicKeys: readonly KeyObject[]): NoteText {
  const match = NOTE.exec(note)
  if (!match) throw new NoteError('It is not a checkpoint note.')
  const [, origin, size, head, lines] = match as unknown as [string, string, string, string, string]
  const text = { origin, size: Number(size), head }
  const signatures = lines
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' ') as [string, string, string])
    .filter(([, name]) => name === origin)
  const ours = publicKeys.flatMap((key) => {
    const id = keyId(origin, rawPublicKey(key))
    return signatures
      .filter(([, , value]) => decode(value).subarray(0, KEY_ID_BYTES).equals(id))
      .map(([, , value]) => ({ key, value }))
  })
  if (ours.length === 0) throw new NoteError('No signature on it is by this key.')
  for (const { key, value } of ours) {
    // One signature has one spelling: the spare bits of its last character are zero.
    const bytes = decode(value)
    const spelled = bytes.toString('base64') === value
    if (!spelled || !verify(null, Buffer.from(bodyOf(text)), key, bytes.subarray(KEY_ID_BYTES))) {
      throw new NoteError('Its signature is wrong.')
    }
  }
  return text
}

/** The key in the form in which C2SP tools take it: `<name>+<id>+<type and key>`. */
export function verifierKey(origin: string, key: KeyObject): string {
  const raw = rawPublicKey(key)
  const typed = Buffer.concat([Buffer.of(ED25519), raw]).toString('base64')
  return `${origin}+${keyId(origin, raw).toString('hex')}+${typed}`
}

/** The Ed25519 key in a verifier key, or in the base64 of its 32 bytes. @throws NoteError */
export function parsePublicKey(text: string): KeyObject {
  const typed = /^[^+\s]+\+[0-9a-f]{8}\+([A-Za-z0-9+/]+=*)$/.exec(text)
  const bytes = decode(typed?.[1] ?? text)
  const raw = typed && bytes[0] === ED25519 ? bytes.subarray(1) : bytes
  if (raw.length !== 32) throw new NoteError('It is not an Ed25519 key.')
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') }
  return createPublicKey({ key: jwk, format: 'jwk' })
}

/** The 32 bytes of the public key (RFC 8032) of a pair, or of a public key. */
export function rawPublicKey(key: KeyObject): Buffer {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key
  return Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url')
}

function bodyOf({ origin, size, head }: NoteText): string {
  return `${origin}\n${size}\n${head}\n`
}

/** SHA-256(name ‖ 0x0A ‖ type ‖ key), its first four bytes. */
function keyId(name: string, raw: Buffer): Buffer {
  const bytes = Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(ED25519), raw])
  return hash('sha256', bytes, 'buffer').subarray(0, KEY_ID_BYTES)
}

function decode(base64: string): Buffer {
  return Buffer.from(base64, 'base64')
}
