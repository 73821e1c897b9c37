import { ESLint } from 'eslint'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { projectRoot } from '#libs/testing/project-root'

const read = (path: string): string => readFileSync(join(projectRoot, path), 'utf8')
const find = (pattern: string): string[] => globSync(pattern, { cwd: projectRoot }).sort()

const { ROOMS } = (await import(join(projectRoot, 'walls.js'))) as {
  ROOMS: Readonly<Record<string, readonly string[]>>
}
const ROOM_NAMES = Object.keys(ROOMS)
const ENFORCEMENT = 'apps/enforcement'
const FILES = find('{apps,libs}/**/*.ts')

/** The project's own files that each file imports, types as well. */
const IMPORTS = new Map(FILES.map((file) => [file, importsOf(file)]))

function importsOf(file: string): string[] {
  return ts.preProcessFile(read(file)).importedFiles.flatMap(({ fileName: name }) => {
    if (name.startsWith('#libs/')) return [`${name.slice(1)}.ts`]
    return name.startsWith('.') ? [posix.join(dirname(file), name).replace(/\.js$/, '.ts')] : []
  })
}

/** The files that are left when those that import none of the others, or that none imports, are taken away again and again. */
function inCircles(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const imported = new Set([...imports.values()].flat())
  const left = [...imports].filter(
    ([file, others]) => imported.has(file) && others.some((one) => imports.has(one)),
  )
  return left.length === imports.size ? [...imports.keys()] : inCircles(new Map(left))
}

function roomOf(file: string): string | undefined {
  return new RegExp(`^${ENFORCEMENT}/([^/]+)/`).exec(file)?.[1]
}

/** Files of rooms that the walls are for: a spec may build its world from any room. */
const IN_ROOMS = FILES.filter((file) => roomOf(file) && !file.endsWith('.spec.ts'))

it('every import leads to a file', () => {
  expect([...IMPORTS.values()].flat().filter((file) => !IMPORTS.has(file))).toEqual([])
})

it('no files import each other in a circle', () => {
  expect(inCircles(IMPORTS)).toEqual([])
})

describe('the rooms of enforcement', () => {
  it('are those of the table', () => {
    expect([...new Set(FILES.flatMap((file) => roomOf(file) ?? []))].sort()).toEqual([...ROOM_NAMES].sort())
  })

  it('are allowed only rooms that stand before them', () => {
    const upwards = ROOM_NAMES.flatMap((room, floor) =>
      ROOMS[room]!.filter((other) => !ROOM_NAMES.slice(0, floor).includes(other)).map((other) => [
        room,
        other,
      ]),
    )
    expect(upwards).toEqual([])
  })

  it('import only what the table allows', () => {
    const wrong = IN_ROOMS.flatMap((file) =>
      IMPORTS.get(file)!
        .filter((other) => other.startsWith(`${ENFORCEMENT}/`) && other !== `${ENFORCEMENT}/config.ts`)
        .filter((other) => ![roomOf(file), ...ROOMS[roomOf(file)!]!].includes(roomOf(other)))
        .map((other) => `${file} -> ${other}`),
    )
    expect(wrong).toEqual([])
  })

  it('are described in the architecture, in the order of the table', () => {
    const chapter = read('docs/architecture.md')
      .split('\n## ')
      .find((one) => one.startsWith('The rooms of'))!
    const rows = [...chapter.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1])
    expect(rows).toEqual(ROOM_NAMES)
  })

  it.each(ROOM_NAMES)('%s lists in its module all that Nest is to make', (room) => {
    const files = IN_ROOMS.filter((file) => roomOf(file) === room)
    // Nest makes an interceptor where a decorator names it.
    const made = files.flatMap((file) => [
      ...read(file).matchAll(
        /^@(?:Injectable|Controller)\(.*\n(?:@.*\n)*export class (\w+)(?!.* NestInterceptor)/gm,
      ),
    ])
    if (made.length === 0) return
    const module = `${ENFORCEMENT}/${room}/${room}.module.ts`
    expect(files).toContain(module)
    const listed = read(module).replace(/^import [^']*'.*'$/gm, '')
    const unlisted = made
      .map((match) => match[1]!)
      .filter((name) => !new RegExp(`\\b${name}\\b`).test(listed))
    expect(unlisted).toEqual([])
    expect(IMPORTS.get(`${ENFORCEMENT}/enforcement.module.ts`)).toContain(module)
  })

  it('are held by the import rules of each of their folders', async () => {
    const eslint = new ESLint({ cwd: projectRoot })
    const onePerFolder = [
      ...new Map(IN_ROOMS.map((file) => [`${dirname(file)} ${file.endsWith('.rules.ts')}`, file])).values(),
    ]
    for (const file of onePerFolder) {
      const { rules } = (await eslint.calculateConfigForFile(join(projectRoot, file))) as Configured
      const { patterns } = rules['no-restricted-imports'][1]
      const walls = patterns.flatMap(({ regex }) => (regex === undefined ? [] : [new RegExp(regex)]))
      const room = roomOf(file)!
      const refused = ROOM_NAMES.filter((other) => {
        const path = posix.relative(dirname(file), `${ENFORCEMENT}/${other}/some-file.js`)
        return walls.some((wall) => wall.test(path.startsWith('.') ? path : `./${path}`))
      })
      expect(refused, file).toEqual(
        ROOM_NAMES.filter((other) => other !== room && !ROOMS[room]!.includes(other)),
      )
    }
  })
})

interface Configured {
  rules: { 'no-restricted-imports': [number, { patterns: { regex?: string }[] }] }
}
