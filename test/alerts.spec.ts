import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { globSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'

interface Rule {
  readonly alert?: string
  readonly record?: string
  readonly expr: string
  readonly labels?: Record<string, string>
  readonly annotations?: Record<string, string>
}

const RULES = 'k8s/components/prometheus/weir-alerts.yaml'
const CASES = 'test/alerts/weir-alerts.test.yaml'
const file = parse(readFileSync(RULES, 'utf8')) as {
  kind: string
  spec: { groups: { name: string; rules: Rule[] }[] }
}
const rules = file.spec.groups.flatMap((group) => group.rules)
const alerts = rules.filter(({ alert }) => alert !== undefined)
const sources = globSync('{apps,libs}/**/*.ts', { exclude: ['**/*.spec.ts'] })
  .map((path) => readFileSync(path, 'utf8'))
  .join('\n')

describe('the alerts', () => {
  it('are a PrometheusRule', () => {
    expect(file.kind).toBe('PrometheusRule')
    expect(alerts.length).toBeGreaterThan(8)
  })

  it.each(alerts.map((rule) => [rule.alert!, rule] as const))(
    '%s says how grave it is and what to do',
    (name, rule) => {
      expect(['page', 'ticket']).toContain(rule.labels?.['severity'])
      const runbook = rule.annotations!['runbook_url']!
      expect(existsSync(runbook), runbook).toBe(true)
      expect(readFileSync(runbook, 'utf8').split('\n')[0]).toContain(name)
    },
  )

  it('ask only for metrics that the services have, or rules above them', () => {
    const asked = new Set(rules.flatMap(({ expr }) => expr.match(/\bweir[_:][a-z_:]+/g) ?? []))
    const recorded = new Set(rules.flatMap(({ record }) => record ?? []))
    const unknown = [...asked].filter((name) => !recorded.has(name) && !sources.includes(`'${name}'`))
    expect(unknown).toEqual([])
    expect(asked.size).toBeGreaterThan(6)
  })

  it('have runbooks whose commands exist', () => {
    const books = globSync('docs/runbooks/*.md').map((path) => readFileSync(path, 'utf8'))
    const commands = books.join('\n').match(/npm run -s \w+/g) ?? []
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      scripts: Record<string, string>
    }
    expect(commands.filter((command) => !scripts[command.split(' ').at(-1)!])).toEqual([])
    expect(commands.length).toBeGreaterThan(4)
  })
})

/** `go install github.com/prometheus/prometheus/cmd/promtool@latest` makes one. */
const promtool = process.env['PROMTOOL'] ?? 'promtool'
const hasPromtool = spawnSync(promtool, ['--version']).status === 0

describe.skipIf(!hasPromtool)('promtool', () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-alerts-'))
  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(promtool, args, { cwd: folder, encoding: 'utf8' })
    return { status, output: `${stdout}${stderr}` }
  }

  beforeAll(() => {
    writeFileSync(join(folder, 'rules.yaml'), stringify({ groups: file.spec.groups }))
    copyFileSync(CASES, join(folder, 'weir-alerts.test.yaml'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it.each([
    ['takes the rules', ['check', 'rules', 'rules.yaml']],
    ['sees the alerts fire when they should, and not else', ['test', 'rules', 'weir-alerts.test.yaml']],
  ])('%s', (_name, args) => {
    const { status, output } = run(...args)
    expect(status, output).toBe(0)
  })
})
