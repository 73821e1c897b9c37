import { generateKeyPairSync, verify } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  NoteError,
  openNote,
  parsePublicKey,
  rawPublicKey,
  signNote,
  verifierKey,
} from './checkpoint-note.js'

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const other = generateKeyPairSync('ed25519')

const head = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('base64'))
const text = fc.record({
  origin: fc.stringMatching(/^[a-z][a-z0-9./-]{0,30}\/[0-3]$/),
  size: fc.nat({ max: Number.MAX_SAFE_INTEGER }).filter((size) => size < 1e15),
  head,
})

describe('a checkpoint note', () => {
  it('has the form of C2SP tlog-checkpoint and signed-note', () => {
    const note = signNote(
      { origin: 'example.com/log/0', size: 12, head: Buffer.alloc(32, 1).toString('base64') },
      privateKey,
    )
    const [origin, size, root, empty, line, end] = note.split('\n')
    expect([origin, size, root, empty, end]).toStrictEqual([
      'example.com/log/0',
      '12',
      'AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=',
      '',
      '',
    ])
    const [dash, name, signature] = line!.split(' ')
    expect([dash, name]).toStrictEqual(['\u2014', 'example.com/log/0'])
    const bytes = Buffer.from(signature!, 'base64')
    expect(bytes).toHaveLength(4 + 64)
    expect(verify(null, Buffer.from(`${origin}\n${size}\n${root}\n`), publicKey, bytes.subarray(4))).toBe(
      true,
    )
    expect(verifierKey('example.com/log/0', privateKey)).toContain(
      `+${bytes.subarray(0, 4).toString('hex')}+`,
    )
  })

  // Keys that others published: that of the Go checksum database, and the one in the documentation of Go's note package.
  it.each([
    'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8',
    'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
  ])('names keys as others do: %s', (key) => {
    expect(verifierKey(key.split('+')[0]!, parsePublicKey(key))).toBe(key)
  })

  it('is opened by its key, however that is given, and by no other', () => {
    fc.assert(
      fc.property(text, (said) => {
        const note = signNote(said, privateKey)
        expect(openNote(note, publicKey)).toEqual(said)
        expect(openNote(note, parsePublicKey(verifierKey(said.origin, privateKey)))).toEqual(said)
        expect(openNote(note, parsePublicKey(rawPublicKey(publicKey).toString('base64')))).toEqual(said)
        expect(() => openNote(note, other.publicKey)).toThrow(NoteError)
      }),
    )
  })

  it('is not opened when one byte of it is another', () => {
    fc.assert(
      fc.property(text, fc.nat(), fc.integer({ min: 1, max: 255 }), (said, at, difference) => {
        const bytes = Buffer.from(signNote(said, privateKey))
        bytes[at % bytes.length]! ^= difference
        expect(() => openNote(bytes.toString('utf8'), publicKey)).toThrow(NoteError)
      }),
      { numRuns: 3_000 },
    )
  })

  it('may be signed by others too', () => {
    const said = { origin: 'example.com/log/1', size: 3, head: Buffer.alloc(32, 2).toString('base64') }
    const witness = signNote(said, other.privateKey).split('\n').at(-2)!
    const note = `${signNote(said, privateKey)}${witness}\n`
    expect(openNote(note, publicKey)).toEqual(said)
    expect(openNote(note, other.publicKey)).toStrictEqual(said)
  })
})

it('a text that is no key is refused', () => {
  for (const text of ['', 'x', 'a+00000000+AAAA', Buffer.alloc(31).toString('base64')]) {
    expect(() => parsePublicKey(text)).toThrow(NoteError)
  }
})
