import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { projectRoot } from '#libs/testing/project-root'

const read = (path: string): string => readFileSync(join(projectRoot, path), 'utf8')
const find = (pattern: string): string[] => globSync(pattern, { cwd: projectRoot }).sort()

const RECORDS = find('docs/adr/[0-9]*.md')
const PAGES = [...find('docs/*.md'), ...find('docs/runbooks/*.md'), 'docs/adr/README.md']
const ENTRANCES = ['README.md', 'docs/architecture.md']
const LINKED = [...PAGES, ...find('*.md'), ...RECORDS]

/** Where the relative links of a page lead, from the project's root. */
function linksOf(path: string): string[] {
  return [...read(path).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
    .map((match) => match[1]!)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => relative(projectRoot, join(projectRoot, dirname(path), target)))
}

/** Files and folders that a text names in code marks, by a whole path or by its end. */
function pathsIn(text: string): string[] {
  const marks = [...text.matchAll(/`([\w./-]+)`/g)].map((match) => match[1]!)
  const isPath = (mark: string): boolean =>
    /^(apps|libs|test|docs|policies|models|k8s)\//.test(mark) ||
    /^[\w/-][\w./-]*\.(ts|js|md|yaml)$/.test(mark)
  return marks.filter(isPath)
}

const FILES = find('{apps,libs,test,docs,policies,k8s}/**/*').concat(find('*.*'))

function isThere(path: string): boolean {
  return existsSync(join(projectRoot, path)) || FILES.some((file) => file.endsWith(`/${path}`))
}

describe('pages', () => {
  it.each(PAGES)('%s opens with one sentence, after its title', (path) => {
    const [title, opening = ''] = read(path).split('\n\n')
    expect(title).toMatch(/^# .+$/)
    expect(opening.trim()).toMatch(/^[A-Z].*\.$/s)
    expect(opening.match(/[.?!](?=\s|$)/g), opening).toHaveLength(1)
  })

  it.each(PAGES)('%s can be reached from the README or the architecture', (path) => {
    const reached = ENTRANCES.flatMap((entrance) => [...linksOf(entrance), ...pathsIn(read(entrance))])
    const folders = reached
      .filter((target) => target !== 'docs/')
      .map((target) => target.replace(/\/?$/, '/'))
    expect(
      ENTRANCES.includes(path) || reached.includes(path) || folders.includes(`${dirname(path)}/`),
      path,
    ).toBe(true)
  })

  it.each(LINKED)('%s links to what is there', (path) => {
    expect(linksOf(path).filter((target) => !existsSync(join(projectRoot, target)))).toEqual([])
  })

  it.each(['docs/architecture.md', 'CONTRIBUTING.md', 'SECURITY.md', 'README.md'])(
    '%s names files and folders that are there',
    (path) => {
      const named = pathsIn(read(path))
      expect(named.length).toBeGreaterThan(0)
      expect(named.filter((one) => !isThere(one))).toEqual([])
    },
  )
})

describe('the index of decisions', () => {
  const index = read('docs/adr/README.md')

  it('has every record exactly once, under its title', () => {
    const written = [...index.matchAll(/^\| \[(.+)\]\((.+?)\) \|/gm)].map((match) => [match[2]!, match[1]!])
    const there = RECORDS.map((path) => [path.slice('docs/adr/'.length), read(path).split('\n')[0]!.slice(2)])
    expect(written.sort()).toEqual(there.sort())
  })

  it('says of each whether it is accepted or superseded', () => {
    const states = [...index.matchAll(/^\| \[.+\]\(.+?\) \| (.+) \|$/gm)].map((match) => match[1]!)
    expect(states).toHaveLength(RECORDS.length)
    expect(
      states.filter((state) => !/^(accepted(, changed by \d+( and \d+)?)?|superseded by \d+)$/.test(state)),
    ).toEqual([])
  })

  it('numbers each record as its file does', () => {
    for (const path of RECORDS) {
      const number = Number(/\/(\d+)-/.exec(path)![1])
      expect(read(path).startsWith(`# ${number}. `), path).toBe(true)
    }
  })
})

it('every npm script is told of in the contract or in CONTRIBUTING', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  const told = read('docs/spec.md') + read('CONTRIBUTING.md')
  const names = Object.keys(scripts)
  expect(names.filter((name) => !new RegExp(`npm (?:run )?${name}(?![\\w:])`).test(told))).toEqual([])
})

it('the page on performance stays short', () => {
  expect(read('docs/performance.md').trim().split(/\s+/).length).toBeLessThanOrEqual(1_500)
})
