import { pino, type Logger } from 'pino'

export type { Logger }

/** The JSON logger of a service. Log ids, codes and counts; never message content. */
export function createLogger(service: string, level: string): Logger {
  return pino({
    name: service,
    level,
    messageKey: 'message',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  })
}
