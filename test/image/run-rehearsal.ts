import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StackError } from '#libs/testing/stack-error'
import { DockerfileError } from './read-dockerfile.js'
import { rehearseImage } from './rehearse-image.js'
import { bytesIn } from './bytes-in.js'

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`

/** `npm run image:rehearse`: the steps of the Dockerfile in a new folder, then how large each part of the last stage is. */
try {
  const into = await mkdtemp(join(tmpdir(), 'weir-image-'))
  const { root, config } = await rehearseImage({ into, log: (line) => console.error(line) })
  const folders = ['node_modules', 'dist', 'models', 'policies'].map((name) => join(config.workdir, name))
  const sizes = new Map([['/usr/local/bin/node', await bytesIn(process.execPath)]])
  for (const folder of folders) sizes.set(folder, await bytesIn(join(root, folder)))
  for (const [path, bytes] of sizes) console.log(`${path.padEnd(22)} ${megabytes(bytes)}`)
  console.log(
    `${'together'.padEnd(22)} ${megabytes([...sizes.values()].reduce((sum, bytes) => sum + bytes))}`,
  )
  console.log(`stands in ${root}`)
} catch (error) {
  console.error(
    error instanceof StackError || error instanceof DockerfileError ? `weir: ${error.message}` : error,
  )
  process.exitCode = 1
}
