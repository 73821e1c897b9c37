import { type DynamicModule, Module } from '@nestjs/common'
import type { ServiceName } from '#libs/contracts/catalogue'
import { AuthModule } from './auth/auth.module.js'
import { Clock } from './clock.js'
import { readEnv, type ServiceEnv } from './env.js'
import { Health } from './health/health.js'
import { HealthModule } from './health/health.module.js'
import { HttpModule } from './http/http.module.js'
import { KafkaHealth } from './kafka/kafka-health.js'
import { KafkaModule } from './kafka/kafka.module.js'
import { LimitsModule } from './limits/limits.module.js'
import { createLogger } from './logger.js'
import { MongoModule } from './mongo/mongo.module.js'
import { ENV, LOGGER, SERVICE_NAME } from './tokens.js'

/** What every service stands on: settings, clock, log, database, Kafka, HTTP, tokens, health. Global. */
@Module({})
export class RuntimeModule {
  constructor(health: Health, kafka: KafkaHealth) {
    health.registerLife('kafka', () => {
      const { ok, reasons } = kafka.alive()
      return ok ? { status: 'up' } : { status: 'down', detail: reasons.join('; ') }
    })
  }

  static forService(service: ServiceName, env: new () => ServiceEnv): DynamicModule {
    return {
      module: RuntimeModule,
      global: true,
      imports: [AuthModule, HealthModule, MongoModule, LimitsModule, KafkaModule, HttpModule],
      providers: [
        Clock,
        { provide: SERVICE_NAME, useValue: service },
        { provide: ENV, useFactory: () => readEnv(env) },
        {
          provide: LOGGER,
          inject: [ENV],
          useFactory: (settings: ServiceEnv) => createLogger(service, settings.LOG_LEVEL),
        },
      ],
      exports: [Clock, SERVICE_NAME, ENV, LOGGER],
    }
  }
}
