import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { verifyFile, verifyFolder } from './verify-hash.js'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

describe('pinned files', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weir-hash-'))
    await writeFile(join(folder, 'a.jar'), 'a')
    await writeFile(join(folder, 'b.jar'), 'b')
  })
  afterEach(() => rm(folder, { recursive: true }))

  const list = (...lines: [name: string, content: string][]) =>
    lines.map(([name, content]) => `${sha256(content)}  ${name}\n`).join('')

  it('are accepted when each is as listed', async () => {
    await verifyFile(join(folder, 'a.jar'), sha256('a'))
    await verifyFolder(folder, list(['a.jar', 'a'], ['b.jar', 'b']))
  })

  it.each([
    ['differs', list(['a.jar', 'a'], ['b.jar', 'c']), /b\.jar was fetched with SHA-256 [0-9a-f]{64}, not/],
    ['is not listed', list(['a.jar', 'a']), /b\.jar was fetched but is not on the list/],
    ['is missing', list(['a.jar', 'a'], ['b.jar', 'b'], ['c.jar', 'c']), /Not fetched though pinned: c\.jar/],
  ])('are refused when one %s', async (_, pinned, message) => {
    await expect(verifyFolder(folder, pinned)).rejects.toMatchObject({
      slug: 'hash-mismatch',
      message: expect.stringMatching(message) as string,
    })
  })
})
