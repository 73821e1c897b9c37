import type { LoggerService } from '@nestjs/common'
import type { Logger } from '../logger.js'

/** Nest's own log lines, as JSON among ours; what it says about wiring is for debugging. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.logger.debug({ context: contextIn(rest) }, textOf(message))
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.logger.debug({ context: contextIn(rest) }, textOf(message))
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.logger.trace({ context: contextIn(rest) }, textOf(message))
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.logger.warn({ context: contextIn(rest) }, textOf(message))
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.logger.error({ context: contextIn(rest), ...errorIn(message) }, textOf(message))
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.logger.fatal({ context: contextIn(rest), ...errorIn(message) }, textOf(message))
  }
}

/** Nest passes the name of the class that speaks as the last argument. */
function contextIn(rest: readonly unknown[]): string | undefined {
  const last = rest.at(-1)
  return typeof last === 'string' ? last : undefined
}

function textOf(message: unknown): string {
  if (message instanceof Error) return message.message
  return typeof message === 'string' ? message : JSON.stringify(message)
}

function errorIn(message: unknown): { err?: Error } {
  return message instanceof Error ? { err: message } : {}
}
