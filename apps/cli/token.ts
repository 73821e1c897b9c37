import { Command, InvalidArgumentError, Option } from 'commander'
import { isOurActor } from '#libs/contracts/actors'
import { PLATFORM_ID } from '#libs/contracts/fields'
import { signLocalToken } from '#libs/runtime/auth/local-token'
import { isRole, ROLES, type Role } from '#libs/runtime/auth/roles'
import { readEnv, ServiceEnv } from '#libs/runtime/env'
import { run } from './run.js'

interface Options {
  role: Role[]
  platform?: string
  authority?: string
  sub?: string
}

function addRole(value: string, roles: Role[]): Role[] {
  if (!isRole(value)) throw new InvalidArgumentError(`A role is one of ${ROLES.join(', ')}.`)
  return [...roles, value]
}

function id(value: string): string {
  if (!new RegExp(PLATFORM_ID).test(value)) throw new InvalidArgumentError('An id matches [a-z0-9-]{1,40}.')
  return value
}

function person(value: string): string {
  if (isOurActor(value))
    throw new InvalidArgumentError('Nobody in person has this name; no service takes it.')
  return value
}

/** Prints a token of the local system on stdout, and nothing else. */
async function print(options: Options, command: Command): Promise<void> {
  const { role: roles, platform, authority } = options
  if (roles.length === 0) command.error('error: --role is needed', { exitCode: 2 })
  if (roles.includes('platform') !== (platform !== undefined)) {
    command.error('error: --role platform and --platform belong together', { exitCode: 2 })
  }
  if (roles.includes('authority') !== (authority !== undefined)) {
    command.error('error: --role authority and --authority belong together', { exitCode: 2 })
  }
  const env = readEnv(ServiceEnv)
  if (env.OIDC_ISSUER !== undefined || env.NODE_ENV === 'production') {
    command.error('error: tokens come from the OIDC issuer here; only a local system takes ours', {
      exitCode: 2,
    })
  }
  const subject = options.sub ?? `local-${platform ?? authority ?? roles.join('+')}`
  const token = await signLocalToken(env.LOCAL_KEY_DIR, {
    roles,
    subject,
    ...(platform === undefined ? {} : { platform }),
    ...(authority === undefined ? {} : { authority }),
  })
  process.stdout.write(`${token}\n`)
}

await run(
  new Command('token')
    .description('Prints a token for the local system.')
    .addOption(
      new Option('--role <role>', 'what the bearer may do; may repeat').argParser(addRole).default([]),
    )
    .option('--platform <id>', 'the platform that the bearer is, with --role platform', id)
    .option('--authority <id>', 'the authority that the bearer is, with --role authority', id)
    .option('--sub <name>', 'who the bearer is; decisions that need two people tell them apart by it', person)
    .action((options: Options, command: Command) => print(options, command)),
)
