import { randomUUID } from 'node:crypto'
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * The text of a key file of a local system, made at first use and readable by its owner only. However many processes ask for
 * it first at once, all get the same one. Throws what the file system throws.
 */
export async function keyFile(
  directory: string,
  name: string,
  make: () => string | Promise<string>,
): Promise<string> {
  const path = join(directory, name)
  return (await read(path)) ?? (await create(directory, path, await make()))
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** A hard link to a complete file is the one step that either wins or finds that another process has won. */
async function create(directory: string, path: string, text: string): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const draft = `${path}.${randomUUID()}`
  const file = await open(draft, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  try {
    await link(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await unlink(draft)
  }
  return readFile(path, 'utf8')
}
