import { Body, Controller, HttpCode, Post } from '@nestjs/common'
import { type Caller, CurrentCaller } from '#libs/runtime/auth/caller'
import { Roles } from '#libs/runtime/auth/roles.decorator'
import { BodyLimit } from '#libs/runtime/http/body-limit'
import { type AnswerMemory, Idempotent } from '#libs/runtime/http/idempotency'
import { JudgesRepeatedNames } from '#libs/runtime/http/json-body'
import { apiAnswer, apiBody, apiOperation, apiProblem, apiTag } from '#libs/runtime/http/openapi'
import { badRequest } from '#libs/runtime/http/problem'
import { repeatedIn } from '#libs/runtime/json/parse-keeping-repeated'
import { mapInTurns } from '#libs/runtime/turns'
import { answerMessage, answersOf, withoutPrivateIds, withPrivateIds } from './answer-messages.rules.js'
import { KnownPlatforms } from './known-platforms.js'
import { MAX_MESSAGES, MessagesAnswer, MessagesRequest } from './messages-api.js'
import { countPrivate } from './record-counters.js'
import { StoreMessages } from './store-messages.js'

/** 500 messages of the longest Chinese text take 30 MB; more than that many at once is for Kafka. */
const MAX_BODY = 32 * 1024 * 1024
/** One with every field and list at its longest has 200. */
const MAX_VALUES = 200_000

/** What is private is told to whom it belongs, and not kept for it. */
const WITHOUT_PRIVATE_IDS: AnswerMemory = {
  kept: (answer) => withoutPrivateIds(answer as MessagesAnswer),
  given: (kept, body) => withPrivateIds(kept as MessagesAnswer, messagesIn(body)),
}

/** Messages of a platform that has no Kafka. */
@Controller('messages')
@apiTag('Messages')
export class MessagesController {
  constructor(
    private readonly platforms: KnownPlatforms,
    private readonly messages: StoreMessages,
  ) {}

  @Post()
  @apiOperation(
    'Takes up to 500 messages of the caller’s platform.',
    'Each message has its own result, in order; one that is refused keeps no other from being accepted.',
    'Accepted ones are stored on the platform’s input topic before the answer, and judged soon after.',
    'The platform is that of the token, never a field of the body.',
  )
  @HttpCode(202)
  @Roles('platform')
  @Idempotent({ memory: WITHOUT_PRIVATE_IDS })
  @JudgesRepeatedNames()
  @BodyLimit(MAX_BODY, MAX_VALUES)
  @apiBody(MessagesRequest)
  @apiProblem(404, 'The platform of the token is not registered: `unknown-platform`.')
  @apiAnswer(202, 'Stored. One result for each message, in order.', MessagesAnswer)
  async send(@CurrentCaller() caller: Caller, @Body() body: unknown): Promise<MessagesAnswer> {
    const platformId = caller.platform!
    this.platforms.mustKnow(platformId)
    const { results, accepted, refusedPrivate } = answersOf(await mapInTurns(messagesIn(body), answerMessage))
    countPrivate(platformId, refusedPrivate)
    await this.messages.store(platformId, accepted)
    return { results }
  }
}

/** The list in the body; what its items are is for the checks to say, one by one. */
function messagesIn(body: unknown): unknown[] {
  if (repeatedIn(body).length > 0) {
    throw badRequest('invalid-request', 'A field of the body is given twice.', [
      { path: `/${repeatedIn(body)[0]![0]}`, reason: 'is given twice' },
    ])
  }
  const messages =
    typeof body === 'object' && body !== null ? (body as { messages?: unknown }).messages : undefined
  if (Array.isArray(messages) && messages.length >= 1 && messages.length <= MAX_MESSAGES) return messages
  const reason = `must be a list of 1 to ${MAX_MESSAGES} messages`
  throw badRequest('invalid-request', `The field messages ${reason}.`, [{ path: '/messages', reason }])
}
