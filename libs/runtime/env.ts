import 'reflect-metadata'
import { readFileSync } from 'node:fs'
import { plainToInstance, Transform } from 'class-transformer'
import {
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  IsUrl,
  Matches,
  Max,
  Min,
  MinLength,
  validateSync,
} from 'class-validator'
import { SERVICES, type ServiceName } from '#libs/contracts/catalogue'

/** What a setting is for, in one line; `docs/configuration.md` is made from it. */
const descriptions = new Map<string, string>()

/** Documents a setting. Every field of an env class has one. */
export function Setting(description: string): PropertyDecorator {
  return (target, property) => {
    descriptions.set(`${target.constructor.name}.${String(property)}`, description)
  }
}

/** Settings that a file may hold instead, as secrets are mounted into a container. */
const secrets = new Set<string>()

const fileOf = (name: string): string => `${name}_FILE`

/** A secret: `<name>_FILE` may name a file that holds it. A line break at the end of the file does not count. */
export function SecretSetting(): PropertyDecorator {
  return (target, property) => {
    secrets.add(`${target.constructor.name}.${String(property)}`)
  }
}

/** An env class and those that it extends, the first of them first. */
function chainOf(type: new () => object): string[] {
  const chain: string[] = []
  for (
    let proto: object | null = type.prototype as object;
    proto;
    proto = Object.getPrototypeOf(proto) as object | null
  ) {
    chain.unshift(proto.constructor.name)
  }
  return chain
}

/** The documented settings of an env class, inherited ones first, with their defaults; behind a secret that of its file. */
export function settingsOf(type: new () => object): { name: string; description: string; value: unknown }[] {
  const defaults = new type() as Record<string, unknown>
  return chainOf(type).flatMap((owner) =>
    [...descriptions]
      .filter(([key]) => key.startsWith(`${owner}.`))
      .flatMap(([key, description]) => {
        const name = key.slice(owner.length + 1)
        const file = { name: fileOf(name), description: `File that holds \`${name}\`.`, value: undefined }
        return [{ name, description, value: defaults[name] }, ...(secrets.has(key) ? [file] : [])]
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
  return boundedNumber(IsInt(), min, max)
}

/** A number from 0 to 1. */
export function ShareSetting(): PropertyDecorator {
  return boundedNumber(IsNumber(), 0, 1)
}

function boundedNumber(kind: PropertyDecorator, min: number, max: number): PropertyDecorator {
  const decorators = [
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' && value !== '' ? Number(value) : value,
    ),
    kind,
    Min(min),
    Max(max),
  ]
  return (target, property) => {
    for (const decorate of decorators) decorate(target, property)
  }
}

const HTTP_URL = { protocols: ['http', 'https'], require_protocol: true, require_tld: false }

/** Outside of `PLATFORM_GROUPS`: a platform may use every group there that begins with its name. */
const GROUP_PREFIX = /^(?!weir\.platform)[A-Za-z0-9._-]{1,200}$/

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

  @Setting(
    'Kafka bootstrap servers, separated by commas. Without it the local stack’s, on `WEIR_KAFKA_PORT` where that is set.',
  )
  @IsString()
  @MinLength(1)
  KAFKA_BROKERS = '127.0.0.1:9092'

  @Setting(
    'Prefix of consumer group ids; another prefix reads every topic anew, and needs other ACLs (`weir users plan`). Not `weir.platform`, where platforms have their groups.',
  )
  @Matches(GROUP_PREFIX, {
    message: 'KAFKA_GROUP_PREFIX must be at most 200 of A-Z a-z 0-9 . _ - and not begin with weir.platform',
  })
  KAFKA_GROUP_PREFIX = 'weir'

  @Setting('TLS to the brokers.')
  @FlagSetting()
  KAFKA_SSL = false

  @Setting('PEM file of the authority that signed the brokers’ certificates; the system’s own when empty.')
  @IsString()
  KAFKA_SSL_CA_FILE = ''

  @Setting('SASL mechanism: none, plain, scram-sha-256, scram-sha-512.')
  @IsIn(['none', 'plain', 'scram-sha-256', 'scram-sha-512'])
  KAFKA_SASL = 'none'

  @Setting('SASL user.')
  @IsString()
  KAFKA_USERNAME = ''

  @Setting('SASL password.')
  @SecretSetting()
  @IsString()
  KAFKA_PASSWORD = ''

  @Setting(
    'Whether the service may create topics: at start those of the catalogue, later those of new platforms. `npm start` and `npm run start:…` set it, except in production.',
  )
  @FlagSetting()
  TOPICS_MANAGE = false

  @Setting('Replicas of topics that are created; with 3, two must have a record before it is acknowledged.')
  @NumberSetting(1, 7)
  KAFKA_REPLICATION = 1

  @Setting('Consumers among which platforms are spread: a new platform halts one of them for a moment.')
  @NumberSetting(1, 64)
  KAFKA_PLATFORM_SHARDS = 4

  @Setting('Partitions that one consumer works on at the same time.')
  @NumberSetting(1, 256)
  KAFKA_CONCURRENCY = 8

  @Setting('Most records that a handler gets at once.')
  @NumberSetting(1, 10_000)
  KAFKA_BATCH_RECORDS = 500

  @Setting(
    'KiB of one partition that are fetched at once: with more, a platform in a rush keeps others waiting longer.',
  )
  @NumberSetting(16, 10_240)
  KAFKA_FETCH_KIB = 128

  @Setting('Milliseconds without a sign of life after which a group gives a member’s partitions to others.')
  @NumberSetting(6_000, 120_000)
  KAFKA_SESSION_MS = 12_000

  @Setting('Milliseconds between commits of what is done.')
  @NumberSetting(10, 10_000)
  KAFKA_COMMIT_MS = 200

  @Setting('Compression of published records: none, gzip, snappy, lz4, zstd.')
  @IsIn(['none', 'gzip', 'snappy', 'lz4', 'zstd'])
  KAFKA_COMPRESSION = 'none'

  @Setting(
    'Milliseconds that a record may wait for its acknowledgement before its publisher is told of a failure.',
  )
  @NumberSetting(1_000, 300_000)
  KAFKA_PUBLISH_TIMEOUT_MS = 15_000

  @Setting(
    'KiB of dead letters that a service, all its instances together, keeps of one platform per minute; above that it reads the platform more slowly.',
  )
  @NumberSetting(1, 100_000_000)
  DEAD_LETTER_KIB_PER_MINUTE = 4_096

  @Setting(
    'MongoDB connection string; each service uses its own database `weir_<service>`. Without it the local stack’s, on `WEIR_MONGO_PORT` where that is set.',
  )
  @SecretSetting()
  @IsString()
  @MinLength(1)
  MONGODB_URI = 'mongodb://127.0.0.1:27017/?replicaSet=rs0&directConnection=true'

  @Setting('Suffix of the database names, for several systems on one MongoDB.')
  @Matches(/^[A-Za-z0-9_-]{0,30}$/, { message: 'MONGODB_SUFFIX must be at most 30 of A-Z a-z 0-9 _ -' })
  MONGODB_SUFFIX = ''

  @Setting('Creates missing indexes at start; without a value: on, except in production.')
  @FlagSetting()
  @IsOptional()
  MONGODB_INDEXES?: boolean

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
  @MinLength(1)
  LOCAL_KEY_DIR = '.local/keys'

  @Setting(
    'Issuer of the tokens (`iss`). Without it tokens are signed by a local key, which production refuses.',
  )
  @IsUrl(HTTP_URL, { message: 'OIDC_ISSUER must be an http(s) URL' })
  @IsOptional()
  OIDC_ISSUER?: string

  @Setting('Audience (`aud`) that tokens must name. Needed with `OIDC_ISSUER`.')
  @IsString()
  @MinLength(1)
  @IsOptional()
  OIDC_AUDIENCE?: string

  @Setting('Where the issuer publishes its keys (JWKS). Needed with `OIDC_ISSUER`.')
  @IsUrl(HTTP_URL, { message: 'OIDC_JWKS_URI must be an http(s) URL' })
  @IsOptional()
  OIDC_JWKS_URI?: string

  @Setting(
    'Requests per second that one caller (without a token: one address) may make to one route of a service, over all its instances; within a tenth.',
  )
  @NumberSetting(1, 1_000_000)
  RATE_LIMIT_PER_SECOND = 1_000

  @Setting(
    'Milliseconds after which a request under an `Idempotency-Key` that has no answer is taken for dead.',
  )
  @NumberSetting(5_000, 600_000)
  IDEMPOTENCY_LEASE_MS = 60_000

  @Setting(
    'Addresses or networks of proxies whose `X-Forwarded-*` headers are believed, separated by commas.',
  )
  @IsString()
  TRUSTED_PROXIES = ''
}

/** Flags of any service that open what must stay shut where it counts. */
const LOCAL_ONLY = ['TEST_CLOCK', 'WEBHOOK_ALLOW_PRIVATE']

/** What does not fit together, though each setting is right by itself. */
function contradictions(env: ServiceEnv): string[] {
  const problems: string[] = []
  const oidc = [env.OIDC_ISSUER, env.OIDC_AUDIENCE, env.OIDC_JWKS_URI].filter((value) => value !== undefined)
  if (oidc.length > 0 && oidc.length < 3) {
    problems.push('OIDC_ISSUER, OIDC_AUDIENCE and OIDC_JWKS_URI are set together or not at all')
  }
  if (env.KAFKA_SASL !== 'none' && (env.KAFKA_USERNAME === '' || env.KAFKA_PASSWORD === '')) {
    problems.push(`KAFKA_SASL ${env.KAFKA_SASL} needs KAFKA_USERNAME and KAFKA_PASSWORD`)
  }
  if (env.NODE_ENV === 'production') {
    for (const name of LOCAL_ONLY)
      if ((env as unknown as Record<string, unknown>)[name] === true)
        problems.push(`${name} is refused in production`)
  }
  return problems
}

/** The local stack’s servers where `WEIR_KAFKA_PORT` and `WEIR_MONGO_PORT` have moved them. Production has no local stack. */
function movedServers(source: NodeJS.ProcessEnv): Partial<Record<'KAFKA_BROKERS' | 'MONGODB_URI', string>> {
  if (source.NODE_ENV === 'production') return {}
  const { WEIR_KAFKA_PORT: kafka, WEIR_MONGO_PORT: mongo } = source
  return {
    ...(kafka ? { KAFKA_BROKERS: `127.0.0.1:${kafka}` } : {}),
    ...(mongo ? { MONGODB_URI: `mongodb://127.0.0.1:${mongo}/?replicaSet=rs0&directConnection=true` } : {}),
  }
}

/** What stands in the files of secrets, in place of the files' names; and what keeps one from being read. */
function readSecrets(
  type: new () => object,
  given: Readonly<Record<string, string | undefined>>,
): { settings: Record<string, string | undefined>; problems: string[] } {
  const settings = { ...given }
  const problems: string[] = []
  const own = chainOf(type).flatMap((owner) =>
    [...secrets].filter((key) => key.startsWith(`${owner}.`)).map((key) => key.slice(owner.length + 1)),
  )
  for (const name of own) {
    const file = fileOf(name)
    const path = given[file]
    if (path === undefined) continue
    delete settings[file]
    if (given[name] !== undefined) problems.push(`${name} and ${file} are not set both`)
    else {
      try {
        settings[name] = readFileSync(path, 'utf8').replace(/\r?\n$/, '')
      } catch (error) {
        problems.push(`${file} cannot be read (${(error as NodeJS.ErrnoException).code}: ${path})`)
      }
    }
  }
  return { settings, problems }
}

/** A setting is missing or wrong; the message names every one of them. */
export class EnvError extends Error {
  override readonly name = 'EnvError'
  readonly slug = 'bad-environment'
}

/** Reads, checks and freezes the settings of a service. Throws an EnvError that names each bad variable and why. */
export function readEnv<T extends ServiceEnv>(
  type: new () => T,
  source: NodeJS.ProcessEnv = process.env,
): Readonly<T> {
  const known = new Set(settingsOf(type).map((setting) => setting.name))
  const given = Object.fromEntries(
    Object.entries(source).filter(([name, value]) => known.has(name) && value !== ''),
  )
  const { settings, problems } = readSecrets(type, given)
  const env = plainToInstance(type, { ...movedServers(source), ...settings }, { exposeDefaultValues: true })
  const wrong = validateSync(env, { skipMissingProperties: false }).flatMap((error) =>
    Object.values(error.constraints ?? { bad: `${error.property} is wrong` }),
  )
  problems.push(...wrong, ...contradictions(env))
  if (problems.length > 0) throw new EnvError(problems.join('; '))
  return Object.freeze(env)
}

/** The port a service listens on when PORT is not set. */
export function defaultPort(service: ServiceName): number {
  return 7401 + SERVICES.indexOf(service)
}
