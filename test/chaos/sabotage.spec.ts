import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { sabotage, SABOTAGES } from './sabotage.js'

const { file, from, to } = SABOTAGES['acks-one'][0]
let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'weir-build-'))
  await mkdir(join(root, 'dist', dirname(file)), { recursive: true })
  await writeFile(join(root, 'package.json'), '{"type":"module"}')
})
afterEach(() => rm(root, { recursive: true }))
const build = (text: string) => writeFile(join(root, 'dist', file), text)

it('changes a copy, which still runs, and never what was built', async () => {
  await build(`console.log({ ${from} })`)
  const { root: copy, remove } = await sabotage('acks-one', root)
  const { stdout } = await promisify(execFile)(process.execPath, [join(copy, 'dist', file)])
  expect(stdout).toBe('{ acks: 1 }\n')
  expect(await readFile(join(root, 'dist', file), 'utf8')).not.toContain(to)
  await remove()
})

it.each([
  ['is not there', ''],
  ['is there twice', `${from} ${from}`],
])('fails where the text %s', async (_, text) => {
  await build(text)
  await expect(sabotage('acks-one', root)).rejects.toThrow('The text to be sabotaged')
})
