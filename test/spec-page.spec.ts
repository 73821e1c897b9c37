import 'reflect-metadata'
import type { DynamicModule, Type } from '@nestjs/common'
import { MODULE_METADATA } from '@nestjs/common/constants.js'
import type { Command } from 'commander'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  DEAD_LETTER_HEADERS,
  DeadLetterTopic,
  PlatformTopics,
  Topics,
  type ServiceName,
} from '#libs/contracts/catalogue'
import { DIRECTIVE_KINDS } from '#libs/contracts/directive'
import { schemaOf } from '#libs/contracts/json-schema'
import { ACCOUNT_STATUSES, MEASURES } from '#libs/contracts/measures-in-force'
import { NOTICE_STATES } from '#libs/contracts/notice'
import { RECEIPT_STATUSES } from '#libs/contracts/receipt'
import { ROLES } from '#libs/runtime/auth/roles'
import { routesOf } from '#libs/runtime/auth/routes'
import { defaultPort } from '#libs/runtime/env'
import { projectRoot } from '#libs/testing/project-root'
import { ClassificationModule } from '../apps/classification/classification.module.js'
import { weirCommand } from '../apps/cli/weir-command.js'
import { APPEAL_STATES } from '../apps/enforcement/appeals/appeal-transitions.js'
import { CASE_STATES } from '../apps/enforcement/ledger/cases/case-transitions.js'
import { DECISION_STATES } from '../apps/enforcement/ledger/decisions/decision.js'
import { DIRECTIVE_STATES } from '../apps/enforcement/ledger/directives/directive-state.rules.js'
import { EnforcementModule } from '../apps/enforcement/enforcement.module.js'
import { POLICY_STATES } from '../apps/enforcement/policies/policy-transitions.js'
import { GOLDEN_STATES } from '../apps/enforcement/quality/golden-case.store.js'
import { IngestionModule } from '../apps/ingestion/ingestion.module.js'
import { NotificationModule } from '../apps/notification/notification.module.js'
import { configurationPage } from './configuration-page.js'

const page = readFileSync(join(projectRoot, 'docs/spec.md'), 'utf8')

const MODULES: Readonly<Record<ServiceName, Type>> = {
  ingestion: IngestionModule,
  classification: ClassificationModule,
  enforcement: EnforcementModule,
  notification: NotificationModule,
}
const SERVICES = Object.keys(MODULES) as ServiceName[]
const DAY_MS = 86_400_000

/** The text under a heading, up to the next of the same rank or above. */
function section(heading: string): string {
  const rank = /^#+/.exec(heading)![0].length
  const [, after] = page.split(`\n${heading}`)
  expect(after, `docs/spec.md has the heading "${heading}"`).toBeDefined()
  return after!.split(new RegExp(`\n#{2,${rank}} `))[0]!
}

/** The cells of the tables in a text, without their headings. */
function rows(text: string): string[][] {
  const lines = text.split('\n').filter((line) => line.startsWith('|'))
  const isRule = (line: string | undefined): boolean => line?.startsWith('|---') ?? false
  return lines
    .filter((line, index) => !isRule(line) && !isRule(lines[index + 1]))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )
}

const codes = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1]!)
const unquoted = (text: string): string => text.replaceAll('`', '')

/** The controllers of a module and of all that it imports. */
function controllersOf(module: Type | DynamicModule, seen = new Set<unknown>()): Type[] {
  if (seen.has(module)) return []
  seen.add(module)
  const type = 'module' in module ? module.module : module
  const given = 'module' in module ? module : undefined
  const declared = (key: string): unknown[] => (Reflect.getMetadata(key, type) as unknown[] | undefined) ?? []
  const own = [...declared(MODULE_METADATA.CONTROLLERS), ...(given?.controllers ?? [])] as Type[]
  const imported = [...declared(MODULE_METADATA.IMPORTS), ...(given?.imports ?? [])] as (
    Type | DynamicModule
  )[]
  return [...own, ...imported.flatMap((one) => controllersOf(one, seen))]
}

/** `GET /v1/cases/{id}` and who may call it, as the controllers say. */
function declaredRoutes(service: ServiceName): string[] {
  return controllersOf(MODULES[service])
    .flatMap((controller) => routesOf(controller))
    .map(({ method, path, access }) => {
      const who = access === 'public' ? 'public' : [...(access ?? [])].sort().join(', ')
      return `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}: ${who}`
    })
    .sort()
}

/** The same as the page says. */
function writtenRoutes(heading: string): string[] {
  return rows(section(heading)).map(
    ([route, who]) => `${unquoted(route!)}: ${who!.split(', ').sort().join(', ')}`,
  )
}

const HEADINGS: Readonly<Record<ServiceName, string>> = {
  ingestion: '### Ingestion (7401)',
  classification: '### Classification (7402)',
  enforcement: '### Enforcement (7403)',
  notification: '### Notification (7404)',
}

describe('docs/spec.md', () => {
  it('has every topic of the catalogue with its ends, key and retention, and no other', () => {
    const specs = [...Object.values(PlatformTopics), ...Object.values(Topics)]
    const expected = specs.map(({ name, from, to, key, cleanup, retentionMs }) => [
      name,
      from.join(', '),
      to.join(', '),
      key,
      cleanup === 'compact' ? 'compacted' : retentionMs === -1 ? 'for ever' : `${retentionMs / DAY_MS} days`,
    ])
    const written = rows(section('## 4. Topics').split('\n### ')[0]!).map(([name, ...rest]) => [
      unquoted(name!),
      ...rest.slice(0, 4),
    ])
    const letters = [DeadLetterTopic.name, 'all', 'people', 'original key', '14 days']
    expect(written.sort()).toEqual([...expected, letters].sort())
    expect(DeadLetterTopic.retentionMs).toBe(14 * DAY_MS)
    for (const header of DEAD_LETTER_HEADERS) expect(section('## 4. Topics')).toContain(`\`${header}\``)
  })

  it('has every field of every topic, and no other', () => {
    const fieldsOf = (event: new () => object): string[] => {
      const { properties = {}, required = [] } = schemaOf(event) as {
        properties?: object
        required?: string[]
      }
      return Object.keys(properties).map((name) => (required.includes(name) ? name : `${name}?`))
    }
    const specs = [...Object.values(PlatformTopics), ...Object.values(Topics)]
    const written = rows(section('### 4.9 Fields of each topic')).map(
      ([name, fields]) => [unquoted(name!), codes(fields!).sort()] as const,
    )
    expect(Object.fromEntries(written)).toEqual(
      Object.fromEntries(specs.map(({ name, event }) => [name, fieldsOf(event).sort()])),
    )
    expect(written).toHaveLength(specs.length)
  })

  it.each(SERVICES)('has every route of %s with who may call it, and no other', (service) => {
    const written = [...writtenRoutes(HEADINGS[service]), ...writtenRoutes('### Every service')]
    expect(written.sort()).toEqual(declaredRoutes(service))
  })

  it('says of no route that is there that it is not built yet', () => {
    const there = new Set(SERVICES.flatMap(declaredRoutes).map((route) => route.split(':')[0]))
    const missing = codes(section('### Routes that are not built yet')).filter((one) =>
      /^[A-Z]+ \//.test(one),
    )
    expect(missing.length).toBeGreaterThan(40)
    expect(missing.filter((route) => there.has(route))).toEqual([])
  })

  it('has each role once', () => {
    const written = rows(section('### Roles')).map(([role]) => unquoted(role!))
    expect(written.sort()).toEqual([...ROLES].sort())
  })

  it('has each service with its port', () => {
    const written = rows(section('## 3. Services')).map(([name, port]) => [codes(name!)[0], Number(port)])
    expect(written).toEqual([...SERVICES.map((name) => [name, defaultPort(name)]), ['console', 7405]])
  })

  it('has the states and kinds of the code', () => {
    const written = rows(section('### 4.6 States')).map(([what, states]) => [what!, codes(states!)] as const)
    expect(Object.fromEntries(written)).toEqual({
      account: [...ACCOUNT_STATUSES],
      case: [...CASE_STATES],
      decision: [...DECISION_STATES],
      directive: [...DIRECTIVE_STATES],
      appeal: [...APPEAL_STATES],
      policy: [...POLICY_STATES],
      notice: [...NOTICE_STATES],
      'golden case': [...GOLDEN_STATES],
    })
    for (const kind of DIRECTIVE_KINDS) expect(section('### 4.3 Directive')).toContain(`\`${kind}\``)
    for (const status of RECEIPT_STATUSES) expect(section('### 4.4 Receipt')).toContain(`\`${status}\``)
    for (const measure of MEASURES) expect(section('## 1. Words')).toContain(`\`${measure}\``)
  })

  it('has each `weir` command, and no other', () => {
    const leaves = (command: Command, path: string): string[] =>
      command.commands.length === 0
        ? [path]
        : command.commands.flatMap((one) => leaves(one, `${path} ${one.name()}`))
    const written = rows(section('## 6. Commands')).flatMap(([command]) =>
      codes(command!).filter((one) => one.startsWith('weir ')),
    )
    expect(written.sort()).toEqual(leaves(weirCommand(), 'weir').sort())
  })

  it('names npm scripts and settings that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    const named = [...section('## 6. Commands').matchAll(/`[^`]*npm run ([a-z:]+)/g)].map(
      (match) => match[1]!,
    )
    expect(named.length).toBeGreaterThan(8)
    expect(named.filter((name) => !name.endsWith(':') && !(name in scripts))).toEqual([])
    const [built] = section('## 6. Commands').split('Not built yet: the settings')
    const settings = codes(built!).flatMap((code) => /^[A-Z]+(?:_[A-Z]+)+/.exec(code) ?? [])
    const ofLocalStack = ['WEIR_KAFKA_PORT', 'WEIR_MONGO_PORT', 'WEIR_DATA_DIR']
    expect(settings).toContain('KAFKA_BROKERS')
    const known = codes(configurationPage())
    expect(settings.filter((name) => !known.includes(name) && !ofLocalStack.includes(name))).toEqual([])
  })
})
