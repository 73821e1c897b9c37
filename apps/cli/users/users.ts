import { Command, InvalidArgumentError, Option } from 'commander'
import { PLATFORM_ID } from '#libs/contracts/fields'
import { readEnv, ServiceEnv } from '#libs/runtime/env'
import { type AccessPlan, planAccess } from './plan-access.rules.js'
import { kafkaScript } from './print-kafka-acls.rules.js'
import { mongoScript } from './print-mongo-users.rules.js'
import { strimziText } from './print-strimzi.rules.js'
import { accessTable } from './print-table.rules.js'

const PRINTS = { table: accessTable, kafka: kafkaScript, strimzi: strimziText, mongo: mongoScript }
type Format = keyof typeof PRINTS

interface Options {
  format: Format
  platform: string[]
  exact?: true
}

function addPlatform(value: string, others: string[]): string[] {
  if (!new RegExp(PLATFORM_ID).test(value)) throw new InvalidArgumentError('An id matches [a-z0-9-]{1,40}.')
  return [...new Set([...others, value])]
}

/** `weir users plan`. It asks no server: what it prints follows from the settings and the catalogue. */
export function usersCommand(): Command {
  const users = new Command('users').description('The users of Kafka and MongoDB, and what each may do.')
  users
    .command('plan')
    .description('Prints which users to make and their rights: those of Weir itself, or of platforms.')
    .addOption(
      new Option('--format <format>', 'a table, or what makes them: kafka-acls, Strimzi, mongosh')
        .choices(Object.keys(PRINTS))
        .default('table'),
    )
    .addOption(
      new Option('--platform <id>', 'the user of this platform instead; may repeat')
        .argParser(addPlatform)
        .default([], 'none'),
    )
    .option(
      '--exact',
      'with --platform: Weir’s own users too, with rights on the topics of no other platform',
    )
    .action((options: Options, self: Command) => plan(options, self))
  return users
}

function plan({ format, platform: platformIds, exact }: Options, self: Command): void {
  if (exact && platformIds.length === 0) self.error('error: --exact needs --platform', { exitCode: 2 })
  const { KAFKA_GROUP_PREFIX: groupPrefix, MONGODB_SUFFIX: mongoSuffix } = readEnv(ServiceEnv)
  const access: AccessPlan = planAccess({ groupPrefix, mongoSuffix, platformIds, exact: exact === true })
  if (format === 'mongo' && access.mongo.length === 0) {
    self.error('error: --platform: a platform has no user on MongoDB', { exitCode: 2 })
  }
  process.stdout.write(PRINTS[format](access))
}
