import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { SERVICES } from '#libs/contracts/catalogue'
import { defaultPort } from '#libs/runtime/env'
import { projectRoot } from '#libs/testing/project-root'

const read = <T>(path: string): T => JSON.parse(readFileSync(join(projectRoot, path), 'utf8')) as T
const { scripts, dependencies, devDependencies } =
  read<Record<'scripts' | 'dependencies' | 'devDependencies', Record<string, string>>>('package.json')
const packages = { ...dependencies, ...devDependencies }

describe('the dev container', () => {
  const container = read<{ image: string; postCreateCommand: string; forwardPorts: number[] }>(
    '.devcontainer/devcontainer.json',
  )

  it('has the Node that the project brings, by its major version', () => {
    expect(container.image).toMatch(new RegExp(`:${packages['node']!.split('.')[0]}-`))
  })

  it('runs scripts that are there, and shows every service', () => {
    const called = [...container.postCreateCommand.matchAll(/npm run (\S+)/g)].map((match) => match[1]!)
    expect(called.length).toBeGreaterThan(0)
    expect(called.filter((name) => !(name in scripts))).toEqual([])
    expect(container.forwardPorts).toEqual(expect.arrayContaining(SERVICES.map(defaultPort)))
  })
})

describe('Renovate', () => {
  interface Rule {
    matchPackageNames?: string[]
    allowedVersions?: string
  }
  const { packageRules } = read<{ packageRules: Rule[] }>('renovate.json')

  it('has rules for packages that are here', () => {
    const named = packageRules.flatMap(({ matchPackageNames = [] }) => matchPackageNames)
    const plain = named.map((name) => name.replace(/^!/, ''))
    const isHere = (name: string): boolean =>
      name.endsWith('/**')
        ? Object.keys(packages).some((one) => one.startsWith(name.slice(0, -2)))
        : name in packages
    expect(plain.length).toBeGreaterThan(4)
    expect(plain.filter((name) => !isHere(name))).toEqual([])
  })

  it('keeps the major version of Node that is here', () => {
    const [major] = packages['node']!.split('.').map(Number)
    const rule = packageRules.find(({ allowedVersions }) => allowedVersions !== undefined)
    expect(rule).toMatchObject({ allowedVersions: `<${major! + 1}` })
  })
})
