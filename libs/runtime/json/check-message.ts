import { MessageIn } from '#libs/contracts/message-in'
import type { Repair } from '#libs/contracts/repair'
import { asSent, isTooLong, repairMessage } from '#libs/contracts/repair-message.rules'
import { PermanentError } from '../errors.js'
import { contractCheck } from './validator.js'

const checkShape = contractCheck(MessageIn)

/** A message of the right shape. Where something of it was repaired, its text and links may be longer than the class says. */
export interface ShapedMessage {
  readonly message: MessageIn
  readonly repairs: readonly Repair[]
  /** What a topic is given whose reader repairs it again and comes to the same. */
  readonly sent: MessageIn
}

/**
 * The strict check of a parsed message, from which `inspect` took the nulls; where it fails, what the judgement does not rest on is
 * repaired (SPEC 4.1). Unknown fields go, in place.
 * @throws PermanentError `schema` for what the judgement rests on
 */
export function shapeMessage(value: unknown): ShapedMessage {
  try {
    checkShape(value)
  } catch (error) {
    return repaired(value, error)
  }
  return { message: value as MessageIn, repairs: [], sent: value as MessageIn }
}

function repaired(value: unknown, error: unknown): ShapedMessage {
  if (!(error instanceof PermanentError) || typeof value !== 'object' || value === null) throw error
  if (Array.isArray(value)) throw error
  const { message, repairs } = repairMessage(value as Record<string, unknown>)
  if (repairs.length === 0) throw error
  const { text, links } = message
  const long = typeof text === 'string' && isTooLong(text)
  const strict = { ...message, ...(long ? { text: '' } : {}), ...(links === undefined ? {} : { links: [] }) }
  checkShape(strict)
  const sent = asSent(value as Record<string, unknown>, repairs) as unknown as MessageIn
  const whole = { ...(long ? { text } : {}), ...(links === undefined ? {} : { links }) }
  return { message: { ...strict, ...whole } as MessageIn, repairs, sent }
}
