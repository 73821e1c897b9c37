import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { projectRoot } from '#libs/testing/project-root'
import { CONFIGURATION_PAGE, configurationPage } from './configuration-page.js'

it('docs/configuration.md is up to date (npm run generate)', () => {
  expect(readFileSync(join(projectRoot, CONFIGURATION_PAGE), 'utf8')).toBe(configurationPage())
})

it('every setting is told once', () => {
  const names = [...configurationPage().matchAll(/^\| `([A-Z_]+)`/gm)].map((match) => match[1])
  expect(names).toContain('KAFKA_BROKERS')
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toStrictEqual([])
})
