import 'reflect-metadata'
import { plainToInstance, Transform } from 'class-transformer'
import { IsBoolean, IsIn, IsInt, IsOptional, IsString, Max, Min, MinLength, validateSync } from 'class-validator'
import { SERVICES, type ServiceName } from '#libs/contracts/catalogue'

/** What a setting is for, in one line; `docs/configuration.md` is made from it. */
const descriptions = new Map<string, string>()

/** Documents a setting. Every field of an env class has one. */
export function Setting(description: string): PropertyDecorator {
  return (target, property) => {
    descriptions.set(`${target.constructor.name}.${String(property)}`, description)
  }
}

/** The documented settings of an env class, inherited ones first, with their defaults. */
export function settingsOf(type: new () => object): { name: string; description: string; value: unknown }[] {
  const defaults = new type() as Record<string, unknown>
  const chain: string[] = []
  for (let proto: object | null = type.prototype as object; proto; proto = Object.getPrototypeOf(proto) as object | null) {
    chain.unshift(proto.constructor.name)
  }
  return chain.flatMap((name) =>
    [...descriptions]
      .filter(([key]) => key.startsWith(`${name}.`))
      .map(([key, description]) => {
        const setting = key.slice(name.length + 1)
        return { name: setting, description, value: defaults[setting] }
      }),
  )
}

/** `1`/`true` and `0`/`false`; anything else stays as it is and fails the check. */
export function FlagSetting(): PropertyDecorator {
  const toFlag = Transform(({ value }: { value: unknown }) => {
    if (value === '1' || value === 'true') return true
    if (value === '0' || value === 'false') return false
    return value
  })
  const isFlag = IsBoolean()
  return (target, property) => {
    toFlag(target, property)
    isFlag(target, property)
  }
}

/** A whole number within bounds. */
export function NumberSetting(min: number, max = Number.MAX_SAFE_INTEGER): PropertyDecorator {
  const decorators = [
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' && value !== '' ? Number(value) : value)),
    IsInt(),
    Min(min),
    Max(max),
  ]
  return (target, property) => {
    for (const decorate of decorators) decorate(target, property)
  }
}

/** The settings that every service has. */
export class ServiceEnv {
  @Setting('`production` refuses what is only for tests, and insecure defaults.')
  @IsIn(['development', 'test', 'production'])
  NODE_ENV = 'development'

  @Setting('Port of the HTTP API; each service has its own default (SPEC section 3).')
  @NumberSetting(0, 65_535)
  @IsOptional()
  PORT?: number

  @Setting('Address that the HTTP API listens on.')
  @IsString()
  HOST = '127.0.0.1'

  @Setting('Kafka bootstrap servers, separated by commas.')
  @IsString()
  @MinLength(1)
  KAFKA_BROKERS = '127.0.0.1:9092'

  @Setting('Prefix of consumer group ids; another prefix reads every topic anew.')
  @IsString()
  @MinLength(1)
  KAFKA_GROUP_PREFIX = 'weir'

  @Setting('MongoDB connection string; each service uses its own database `weir_<service>`.')
  @IsString()
  @MinLength(1)
  MONGODB_URI = 'mongodb://127.0.0.1:27017/?replicaSet=rs0&directConnection=true'

  @Setting('Suffix of the database names, for several systems on one MongoDB.')
  @IsString()
  MONGODB_SUFFIX = ''

  @Setting('Where the public pages are reached from outside; appeal links start with it.')
  @IsString()
  PUBLIC_URL = 'http://127.0.0.1:7403'

  @Setting('Log level: fatal, error, warn, info, debug, trace.')
  @IsIn(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
  LOG_LEVEL = 'info'

  @Setting('Seconds that a service may take to finish its work after SIGTERM.')
  @NumberSetting(1, 600)
  SHUTDOWN_SECONDS = 30

  @Setting('Adds `POST /v1/test/clock`; refused in production.')
  @FlagSetting()
  TEST_CLOCK = false

  @Setting('Folder of the local signing key, made at first start. Not used when `OIDC_ISSUER` is set.')
  @IsString()
  LOCAL_KEY_DIR = '.local/keys'
}

/** A setting is missing or wrong; the message names every one of them. */
export class EnvError extends Error {
  override readonly name = 'EnvError'
  readonly slug = 'bad-environment'
}

/** Reads, checks and freezes the settings of a service. Throws an EnvError that names each bad variable and why. */
export function readEnv<T extends ServiceEnv>(type: new () => T, source: NodeJS.ProcessEnv = process.env): Readonly<T> {
  const known = new Set(settingsOf(type).map((setting) => setting.name))
  const given = Object.fromEntries(Object.entries(source).filter(([name, value]) => known.has(name) && value !== ''))
  const env = plainToInstance(type, given, { exposeDefaultValues: true })
  const problems = validateSync(env, { skipMissingProperties: false }).flatMap((error) =>
    Object.values(error.constraints ?? { bad: `${error.property} is wrong` }),
  )
  if (env.NODE_ENV === 'production' && env.TEST_CLOCK) problems.push('TEST_CLOCK is refused in production')
  if (problems.length > 0) throw new EnvError(problems.join('; '))
  return Object.freeze(env)
}

/** The port a service listens on when PORT is not set. */
export function defaultPort(service: ServiceName): number {
  return 7401 + SERVICES.indexOf(service)
}
