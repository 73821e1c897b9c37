import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { projectRoot } from '#libs/testing/project-root'
import { CONFIGURATION_PAGE, configurationPage } from './configuration-page.js'

it('docs/configuration.md is up to date (npm run generate)', () => {
  expect(readFileSync(join(projectRoot, CONFIGURATION_PAGE), 'utf8')).toBe(configurationPage())
})

it('every setting is told once for every service, or for those that have it', () => {
  const [, common = '', ...services] = configurationPage().split(/^## /m)
  const names = (section: string): string[] =>
    [...section.matchAll(/^\| `([A-Z_]+)`/gm)].map((match) => match[1]!)
  expect(names(common)).toContain('KAFKA_BROKERS')
  expect(services).toHaveLength(4)
  for (const service of services) {
    const all = [...names(common), ...names(service)]
    expect(all.filter((name, index) => all.indexOf(name) !== index)).toStrictEqual([])
  }
})
