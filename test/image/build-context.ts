import imported from '@balena/dockerignore'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Its types speak of a default export, which is the module itself. */
const ignore = imported as unknown as typeof imported.default

/** The files that `docker build` would be sent from a folder, by its `.dockerignore`, as paths from there, sorted. */
export function buildContext(root: string): string[] {
  const rules = readFileSync(join(root, '.dockerignore'), 'utf8')
  const isIn = ignore().add(rules).createFilter()
  const exceptions = rules.split('\n').filter((line) => line.startsWith('!'))
  const plainStarts = exceptions.map((line) => line.slice(1).split('*')[0] ?? '')
  // A folder that is left out may have files in it that are not.
  const mayHoldFiles = (folder: string): boolean =>
    isIn(folder) ||
    plainStarts.some((start) => start.startsWith(`${folder}/`) || `${folder}/`.startsWith(start))
  const filesIn = (folder: string): string[] =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return mayHoldFiles(path) ? filesIn(path) : []
      return isIn(path) ? [path] : []
    })
  return filesIn('').sort()
}
