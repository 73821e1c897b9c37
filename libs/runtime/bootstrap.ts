import type { DynamicModule, Type } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import type { MicroserviceOptions } from '@nestjs/microservices'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import { randomUUID } from 'node:crypto'
import { collectDefaultMetrics, register } from 'prom-client'
import type { ServiceName } from '#libs/contracts/catalogue'
import { AdmitCallers } from './auth/admit-callers.js'
import { defaultPort, readEnv, type ServiceEnv } from './env.js'
import { Health } from './health/health.js'
import { refuseUnknownMethods } from './http/allowed-methods.js'
import { answerNoHttp, answerUnrouted } from './http/answer-early.js'
import { DEFAULT_BODY_LIMIT, honourBodyLimits } from './http/body-limit.js'
import { refuseForeignBodies } from './http/body-types.js'
import { limitBodiesUnderWay } from './http/bodies-under-way.js'
import { closeConnectionsAtEnd } from './http/close-connections.js'
import { readDotSegments } from './http/dot-segments.js'
import { useJsonBodies } from './http/json-body.js'
import { NestLogger } from './http/nest-logger.js'
import { observeRequests } from './http/observe-requests.js'
import { type ApiGuide, serveDocs, VERSIONING } from './http/openapi.js'
import { sendSecurityHeaders } from './http/security-headers.js'
import { BatchTransport } from './kafka/batch-transport.js'
import { createLogger, type Logger } from './logger.js'
import { createIndexesOf } from './mongo/mongo.module.js'

export interface ServiceOptions {
  readonly service: ServiceName
  readonly env: new () => ServiceEnv
  readonly guide: ApiGuide
}

/** Longest path parameter: ids have up to 128 characters, each of which may be escaped as three. */
const MAX_PARAM_LENGTH = 600

/** How long a connection may take, in milliseconds. */
export interface HttpTimes {
  /** For the headers of a request, also of one that never begins. */
  readonly headers: number
  /** For a request with its body: a 408 then, however steadily it trickles. */
  readonly request: number
  /** Without a byte in either direction: of an answer that nobody reads, too. */
  readonly silence: number
  /** Between looks for what is too slow. */
  readonly check: number
}

const HTTP_TIMES: HttpTimes = { headers: 20_000, request: 60_000, silence: 120_000, check: 2_000 }

/** The Fastify that every service answers with. */
export function fastifyAdapter(
  env: Pick<ServiceEnv, 'TRUSTED_PROXIES'>,
  times: HttpTimes = HTTP_TIMES,
): FastifyAdapter {
  const proxies = env.TRUSTED_PROXIES.split(',').map((part) => part.trim())
  const trusted = proxies.filter((part) => part !== '')
  return new FastifyAdapter({
    trustProxy: trusted.length > 0 ? trusted : false,
    bodyLimit: DEFAULT_BODY_LIMIT,
    requestTimeout: times.request,
    connectionTimeout: times.silence,
    http: { headersTimeout: times.headers, connectionsCheckingInterval: times.check },
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    genReqId: () => randomUUID(),
    rewriteUrl: ({ url = '/' }) => readDotSegments(url),
    frameworkErrors: answerUnrouted,
    clientErrorHandler: answerNoHttp,
  })
}

/** Everything about HTTP that is not a module: versions, security headers, who may enter, bodies, docs, request log. */
export async function dressApp(
  app: NestFastifyApplication,
  { service, guide }: Pick<ServiceOptions, 'service' | 'guide'>,
  logger: Logger,
): Promise<void> {
  const fastify = app.getHttpAdapter().getInstance()
  sendSecurityHeaders(fastify)
  refuseUnknownMethods(fastify)
  app.get(AdmitCallers).beforeBodies(fastify)
  limitBodiesUnderWay(fastify)
  refuseForeignBodies(fastify)
  honourBodyLimits(fastify)
  closeConnectionsAtEnd(fastify)
  observeRequests(fastify, logger)
  useJsonBodies(app, DEFAULT_BODY_LIMIT)
  app.enableVersioning(VERSIONING)
  serveDocs(app, service, guide)
}

/**
 * The whole of a service's `main.ts`: reads the settings, starts, serves, and stops in order on SIGTERM or SIGINT. A start
 * that fails is one log line and exit code 1. Kafka and MongoDB may be away: the service waits for them, not ready. With the
 * argument `indexes` it creates the indexes of its database instead, and ends.
 */
export async function bootstrap(module: Type | DynamicModule, options: ServiceOptions): Promise<void> {
  const { service } = options
  let logger = createLogger(service, 'info')
  const fail = (error: unknown): void => {
    logger.fatal({ err: error }, error instanceof Error ? error.message : 'failed')
    process.exit(1)
  }
  process.once('uncaughtException', fail)
  process.once('unhandledRejection', fail)
  try {
    const env = readEnv(options.env)
    logger = createLogger(service, env.LOG_LEVEL)
    if (isForIndexes(process.argv.slice(2))) {
      await createIndexesOf(module, service, env)
      return logger.info('every index is there')
    }
    const app = await createApp(module, options, env, logger)
    stopOnSignals(app, env, logger)
    await app.init()
    await app.startAllMicroservices()
    const port = env.PORT ?? defaultPort(service)
    await app.listen(port, env.HOST)
    logger.info({ port, host: env.HOST }, 'listening')
  } catch (error) {
    fail(error)
  }
}

function isForIndexes([errand, ...rest]: readonly string[]): boolean {
  if (errand === undefined) return false
  if (errand === 'indexes' && rest.length === 0) return true
  throw new Error(`${[errand, ...rest].join(' ')}: the only argument is "indexes"`)
}

async function createApp(
  module: Type | DynamicModule,
  options: ServiceOptions,
  env: ServiceEnv,
  logger: Logger,
): Promise<NestFastifyApplication> {
  register.setDefaultLabels({ service: options.service })
  collectDefaultMetrics()
  const app = await NestFactory.create<NestFastifyApplication>(module, fastifyAdapter(env), {
    abortOnError: false,
    logger: new NestLogger(logger),
  })
  await dressApp(app, options, logger)
  app.connectMicroservice<MicroserviceOptions>({ strategy: app.get(BatchTransport) })
  return app
}

/** First signal: not ready, Kafka drained, HTTP and database closed, exit 0. A second one, or no end in time: exit 1. */
function stopOnSignals(app: NestFastifyApplication, env: ServiceEnv, logger: Logger): void {
  let stopping = false
  const stop = (signal: string): void => {
    if (stopping) {
      logger.warn({ signal }, 'second signal, exiting without a clean stop')
      process.exit(1)
    }
    stopping = true
    logger.info({ signal }, 'stopping')
    setTimeout(() => {
      logger.error({ seconds: env.SHUTDOWN_SECONDS }, 'did not stop in time')
      process.exit(1)
    }, env.SHUTDOWN_SECONDS * 1_000).unref()
    closeInOrder(app).then(
      () => {
        logger.info('stopped')
        process.exit(0)
      },
      (error: unknown) => {
        logger.fatal({ err: error }, 'did not stop cleanly')
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}

async function closeInOrder(app: NestFastifyApplication): Promise<void> {
  app.get(Health).beginStopping()
  // The transport itself: closing Nest's microservice would take down the container that it shares with HTTP.
  await app.get(BatchTransport).close()
  await app.close()
}
