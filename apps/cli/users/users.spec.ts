import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { SERVICES } from '#libs/contracts/catalogue'
import { run } from '../run.js'
import { weirCommand } from '../weir-command.js'

let printed: MockInstance<typeof process.stdout.write>
let said: MockInstance<typeof process.stderr.write>

beforeEach(() => {
  process.exitCode = undefined
  printed = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  said = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
})
afterEach(() => {
  process.exitCode = undefined
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

const textOf = (spy: MockInstance): string => spy.mock.calls.map(([text]) => String(text)).join('')
const plan = async (...options: string[]): Promise<string> => {
  await run(weirCommand(), ['node', 'weir', 'users', 'plan', ...options])
  return textOf(printed)
}

interface KafkaUserResource {
  metadata: { name: string }
  spec: {
    authorization: {
      acls: { resource: { type: string; name: string; patternType: string }; operations: string[] }[]
    }
  }
}

/** User, resource and operations, of resources for Strimzi. */
const fromStrimzi = (text: string): string[] =>
  parseAllDocuments(text)
    .map((document) => document.toJS() as KafkaUserResource)
    .flatMap(({ metadata, spec }) =>
      spec.authorization.acls.map(({ resource, operations }) =>
        [metadata.name, resource.type, resource.name, resource.patternType, ...operations].join(' '),
      ),
    )

/** The same, of commands. */
const fromCommands = (text: string): string[] =>
  [...text.matchAll(/^kafka-acls\.sh .* User:(\S+) --(\w+) (\S+) --resource-pattern-type (\S+)(.*)$/gm)].map(
    ([, user, type, name, pattern, operations]) =>
      [
        user,
        type,
        name,
        pattern === 'prefixed' ? 'prefix' : pattern,
        operations!.replaceAll(' --operation', '').trim(),
      ].join(' '),
  )

/** The same, of the table. */
const fromTable = (text: string): string[] =>
  [...text.matchAll(/^(\S+) +Kafka (\w+) +([^\s*]+)(\*?) +(.+)$/gm)].map(
    ([, user, type, name, star, operations]) =>
      [user, type, name, star === '*' ? 'prefix' : 'literal', operations!.replaceAll(',', '')].join(' '),
  )

const OWN = [...SERVICES.map((service) => `weir-${service}`), 'weir-cli']

describe('weir users plan', () => {
  it('prints the same rights as a table, for Kafka’s tools and for Strimzi', async () => {
    const strimzi = fromStrimzi(await plan('--format', 'strimzi'))
    printed.mockClear()
    expect(fromCommands(await plan('--format', 'kafka'))).toEqual(strimzi)
    printed.mockClear()
    expect(fromTable(await plan())).toEqual(strimzi)
    expect(new Set(strimzi.map((line) => line.split(' ')[0]))).toEqual(new Set(OWN))
  })

  it('prints just the users of the platforms that are named', async () => {
    expect(fromStrimzi(await plan('--format', 'strimzi', '--platform', 'p1', '--platform', 'p10'))).toEqual(
      ['p1', 'p10'].flatMap((id) => [
        `weir-${id}-platform topic weir.in.${id}. prefix Write`,
        `weir-${id}-platform topic weir.out.${id}. prefix Read`,
        `weir-${id}-platform group weir.platform.${id}. prefix Read`,
      ]),
    )
  })

  it('names, if it is to be exact, each topic of these platforms and no beginning of a topic but for the command', async () => {
    const lines = fromStrimzi(await plan('--format', 'strimzi', '--exact', '--platform', 'p1'))
    const wide = lines.filter(
      (line) => / topic \S+ prefix /.test(line) && !line.startsWith('weir-p1-platform'),
    )
    expect(wide).toEqual(['weir-cli topic weir. prefix Create Describe DescribeConfigs AlterConfigs'])
    expect(lines).toContain('weir-enforcement topic weir.in.p1.receipts.v1 literal Read')
    expect(lines.join('\n')).not.toContain('weir-enforcement topic weir.in.p1.messages.v1')
  })

  it('follows the settings: the prefix of groups, the suffix of databases', async () => {
    vi.stubEnv('KAFKA_GROUP_PREFIX', 'again')
    vi.stubEnv('MONGODB_SUFFIX', '_2')
    const table = await plan()
    expect(table).toMatch(/^weir-ingestion +Kafka group +again\.ingestion\.\* +Read$/m)
    expect(table).toMatch(
      /^weir_enforcement_2 +MongoDB collection +weir_enforcement_2\.audit_log +find, insert, listIndexes$/m,
    )
    expect(table).not.toMatch(/ weir\.ingestion/)
  })

  it('shows no password: a script takes them from variables', async () => {
    const text = await plan('--format', 'kafka')
    const passwords = [...text.matchAll(/password=(\S+) "\$(\w+)"/g)].map((match) => match[2])
    expect(passwords).toEqual(OWN.map((user) => `${user.toUpperCase().replaceAll('-', '_')}_PASSWORD`))
  })

  it.each([
    [['--platform', 'P1'], /--platform <id>.*P1.*An id matches/s],
    [['--platform', 'a.b'], /--platform <id>.*An id matches/s],
    [['--format', 'xml'], /--format <format>.*table, kafka, strimzi, mongo/s],
    [['--exact'], /--exact needs --platform/],
    [['--format', 'mongo', '--platform', 'p1'], /--platform: a platform has no user on MongoDB/],
  ])('refuses %j and says which option is wrong and why', async (options, why) => {
    expect(await plan(...options)).toBe('')
    expect(process.exitCode).toBe(2)
    expect(textOf(said)).toMatch(why)
  })

  it('refuses a prefix of groups that lies where platforms have theirs', async () => {
    vi.stubEnv('KAFKA_GROUP_PREFIX', 'weir.platform.p1')
    expect(await plan()).toBe('')
    expect(process.exitCode).toBe(1)
    expect(textOf(said)).toContain('KAFKA_GROUP_PREFIX')
  })
})
