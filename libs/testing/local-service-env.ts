import type { LocalStack } from './local-stack.js'

/** What services on a local stack are allowed over their own, stricter defaults; the user's environment comes first. */
export function localPermissions(): Record<'TOPICS_MANAGE' | 'WEBHOOK_ALLOW_PRIVATE', string> {
  return {
    TOPICS_MANAGE: process.env.TOPICS_MANAGE || '1',
    WEBHOOK_ALLOW_PRIVATE: process.env.WEBHOOK_ALLOW_PRIVATE || '1',
  }
}

/** Where the servers of a local stack are, and what services on it are allowed. */
export function localServiceEnv(
  stack: Pick<LocalStack, 'kafkaBrokers' | 'mongoUri'>,
): Record<string, string> {
  return { KAFKA_BROKERS: stack.kafkaBrokers, MONGODB_URI: stack.mongoUri, ...localPermissions() }
}
