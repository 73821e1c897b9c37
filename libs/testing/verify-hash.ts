import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { StackError } from './stack-error.js'

/** @throws StackError `hash-mismatch` unless the file's SHA-256 is `expected` (hexadecimal). */
export async function verifyFile(path: string, expected: string): Promise<void> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  const found = hash.digest('hex')
  if (found === expected) return
  throw new StackError(
    'hash-mismatch',
    `${basename(path)} was fetched with SHA-256 ${found}, not ${expected} as pinned, and is not used.`,
  )
}

/**
 * Holds a folder against a list in the format of `sha256sum`.
 * @throws StackError `hash-mismatch` when a file differs, is missing, or is not on the list.
 */
export async function verifyFolder(folder: string, list: string): Promise<void> {
  const pinned = new Map(parseHashList(list))
  for (const name of await readdir(folder)) {
    const expected = pinned.get(name)
    if (expected === undefined) {
      throw new StackError(
        'hash-mismatch',
        `${name} was fetched but is not on the list of pinned files; nothing is used.`,
      )
    }
    await verifyFile(join(folder, name), expected)
    pinned.delete(name)
  }
  if (pinned.size > 0) {
    throw new StackError(
      'hash-mismatch',
      `Not fetched though pinned: ${[...pinned.keys()].join(', ')}; nothing is used.`,
    )
  }
}

function parseHashList(list: string): [name: string, hash: string][] {
  return list
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => [line.slice(66), line.slice(0, 64)])
}
