import { Error as MongooseErrors, mongo } from 'mongoose'

/** Codes and labels by which the driver says that the database is away or changing its primary. */
const OUTAGE_LABELS = ['RetryableWriteError', 'TransientTransactionError', 'NoWritesPerformed']
const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
])

/** Whether an error means that something we depend on is away for the moment, and not that the request was wrong. */
export function isOutage(error: unknown): boolean {
  if (
    error instanceof mongo.MongoNetworkError ||
    error instanceof mongo.MongoServerSelectionError ||
    error instanceof mongo.MongoNotConnectedError ||
    error instanceof mongo.MongoTopologyClosedError ||
    error instanceof MongooseErrors.MongooseServerSelectionError
  ) {
    return true
  }
  if (error instanceof mongo.MongoError) return OUTAGE_LABELS.some((label) => error.hasErrorLabel(label))
  if (!(error instanceof Error)) return false
  // mongoose gives up a call that waited for the first connection with an error that has only a message.
  if (error.name === 'MongooseError' && /buffering timed out|initial connection/.test(error.message))
    return true
  return NETWORK_CODES.has((error as NodeJS.ErrnoException).code ?? '') || isOutage(error.cause)
}
