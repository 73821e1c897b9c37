import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The repository's top folder, the same whether this runs from the sources or from `dist/`. */
export const projectRoot = findProjectRoot(import.meta.dirname)

function findProjectRoot(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : findProjectRoot(dirname(folder))
}
