import { Body, Controller, Post } from '@nestjs/common'
import { Example, Text } from '#libs/contracts/fields'
import { Public } from '#libs/runtime/auth/roles.decorator'
import { apiBody, apiCreated, apiOperation, apiProblem, apiTag } from '#libs/runtime/http/openapi'
import { AnswerIntent, LONGEST_ANSWER } from './answer-intent.js'
import { AnswerReceipt } from './answers-api.js'

export class IntentAnswerBody {
  /** The token in the link of a notice of an intended ban. */
  @Example('eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJkZWNfMSJ9.5f1c…') @Text(2_048, 1) token!: string
  @Example('The account was taken over in October; it is mine again.') @Text(LONGEST_ANSWER, 1) text!: string
}

/** Answers to intended bans, of everybody who has the link. */
@Controller('answers')
@apiTag('Intended bans')
export class AnswersController {
  constructor(private readonly answerIntent: AnswerIntent) {}

  // The same text gives the same answer without an Idempotency-Key, and nothing of it is kept elsewhere.
  @Post()
  @apiOperation(
    'Answers to an intended ban before it begins.',
    'For whoever has the link in the notice of intent. The answer is given once;',
    'the second person reads it before the ban can begin.',
    'The same text again changes nothing, another one is refused.',
  )
  @Public()
  @apiBody(IntentAnswerBody)
  @apiProblem(403, 'This is no link of ours.')
  @apiProblem(409, 'The decision waits no more, or was answered already.')
  @apiCreated(AnswerReceipt)
  async answer(@Body() body: IntentAnswerBody): Promise<AnswerReceipt> {
    const { at } = await this.answerIntent.answer(body.token, body.text)
    return { at }
  }
}
