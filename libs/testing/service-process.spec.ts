import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { SERVICES } from '#libs/contracts/catalogue'
import { FLAGS } from './service-process.js'

it.each(SERVICES)('starts %s as its script does', (name) => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }
  expect(scripts[`start:${name}`]).toBe(
    `exec node ${FLAGS.join(' ')} dist/libs/testing/run-service.js ${name}`,
  )
})
