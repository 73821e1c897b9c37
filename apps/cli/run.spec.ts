import { Command } from 'commander'
import { afterEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import { reasonOf, run } from './run.js'

const program = (action: () => Promise<void>) =>
  new Command('weir').addCommand(
    new Command('topics').addCommand(new Command('plan').requiredOption('--x <n>').action(action)),
  )

let said: MockInstance

async function codeOf(argv: string[], action = async () => undefined): Promise<number | string | undefined> {
  process.exitCode = undefined
  said = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  await run(program(action), ['node', 'weir', ...argv])
  return process.exitCode ?? undefined
}

afterEach(() => {
  process.exitCode = undefined
  vi.restoreAllMocks()
})

describe('the exit code', () => {
  it.each([
    ['a command that is done', ['topics', 'plan', '--x', '1'], undefined],
    ['asked for help', ['--help'], 0],
    ['unknown command', ['nope'], 2],
    ['unknown command of a group', ['topics', 'nope'], 2],
    ['nothing at all', [], 2],
    ['missing option', ['topics', 'plan'], 2],
    ['unknown option', ['topics', 'plan', '--y'], 2],
  ])('%s', async (_name, argv, code) => {
    expect(await codeOf(argv)).toBe(code)
  })

  it('a command that fails, with one line that says why', async () => {
    const code = await codeOf(['topics', 'plan', '--x', '1'], async () => {
      throw new Error('no', { cause: new Error('because') })
    })
    expect(code).toBe(1)
    expect(said).toHaveBeenCalledExactlyOnceWith('weir: no (because)\n')
  })
})

it('a reason is said once', () => {
  const deepest = new Error('connect ECONNREFUSED')
  const wrapped = new Error('connect ECONNREFUSED', { cause: deepest })
  expect(reasonOf(new Error('Kafka is away', { cause: wrapped }))).toBe(
    'Kafka is away (connect ECONNREFUSED)',
  )
  expect(reasonOf('text')).toBe('text')
})
