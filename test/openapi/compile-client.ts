import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript'
import ts from 'typescript'
import { projectRoot } from '#libs/testing/project-root'
import type { ApiDocument } from './api-document.js'

/** What a client of one service is written against, and the client. */
export interface Client {
  readonly document: ApiDocument
  /** `./<name>.api.js` has the types; `openapi-fetch` can be imported. */
  readonly source: string
}

/**
 * Makes TypeScript types out of documents as clients would, and compiles the clients against them. Returns what the compiler
 * says. Rejects where no types can be made of a document.
 */
export async function compileClients(clients: Readonly<Record<string, Client>>): Promise<string[]> {
  // Within the repository, so that the compiler finds its packages.
  const folder = await mkdtemp(join(projectRoot, 'dist', 'client-'))
  try {
    const files = Object.entries(clients).map(async ([name, { document, source }]) => {
      const types = await openapiTS(document as unknown as OpenAPI3, { silent: true })
      await writeFile(join(folder, `${name}.api.d.ts`), astToString(types))
      const file = join(folder, `${name}.ts`)
      await writeFile(file, source)
      return file
    })
    const program = ts.createProgram(await Promise.all(files), {
      strict: true,
      noEmit: true,
      noUncheckedIndexedAccess: true,
      target: ts.ScriptTarget.ES2024,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      types: [],
      lib: ['lib.es2024.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    })
    return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
      const line = file && start !== undefined ? file.getLineAndCharacterOfPosition(start).line + 1 : 0
      const place = file ? `${basename(file.fileName)}:${line}: ` : ''
      return place + ts.flattenDiagnosticMessageText(messageText, ' ')
    })
  } finally {
    await rm(folder, { recursive: true })
  }
}
