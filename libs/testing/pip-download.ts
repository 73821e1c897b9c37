import { runNeededTool } from './run-tool.js'

const DOWNLOAD = [
  '-m',
  'pip',
  'download',
  '--quiet',
  '--disable-pip-version-check',
  '--no-cache-dir',
  '--no-deps',
]

/** Fetches one package with pip into a folder; `what` says which, as pip's own arguments. @throws StackError */
export async function pipDownload(folder: string, what: readonly string[], missing: string): Promise<void> {
  await runNeededTool('python3', [...DOWNLOAD, '--dest', folder, ...what], missing)
}
