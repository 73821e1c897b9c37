import { Body, Controller, Get, HttpCode, Inject, Post } from '@nestjs/common'
import { Example, Many, Optional, Strings, Text } from '#libs/contracts/fields'
import type { AcceptedMessage } from '#libs/contracts/accepted-message'
import { MessageIn } from '#libs/contracts/message-in'
import { Verdict } from '#libs/contracts/verdict'
import { type Caller, CurrentCaller } from '#libs/runtime/auth/caller'
import { Roles } from '#libs/runtime/auth/roles.decorator'
import { Clock } from '#libs/runtime/clock'
import { BodyLimit } from '#libs/runtime/http/body-limit'
import { JudgesRepeatedNames } from '#libs/runtime/http/json-body'
import { apiAnswer, apiBody, apiOk, apiOperation, apiTag } from '#libs/runtime/http/openapi'
import { mapPiecesInTurns } from '#libs/runtime/turns'
import { askedFor, MAX_MESSAGES } from './classify-request.rules.js'
import { classifying } from './classify.rules.js'
import type { TextModel } from './detectors/text-model.js'
import { Judges } from './judges.js'
import { TEXT_MODEL } from './text-model.provider.js'

/** 100 messages of the longest Chinese text. */
const MAX_BODY = 8 * 1024 * 1024
/** One with every field and list at its longest has 200. */
const MAX_VALUES = 40_000

/** Several messages in one request. */
export class ClassifyList {
  @Many(() => MessageIn, MAX_MESSAGES, 1) messages!: MessageIn[]
}

/** Their verdicts, in the same order. */
export class VerdictList {
  @Many(() => Verdict, MAX_MESSAGES, 1) verdicts!: Verdict[]
}

/** A model that scores messages. */
export class ModelView {
  @Example('text') @Text(40, 1) name!: string
  @Example('text-v1') @Text(100, 1) version!: string
  @Strings(100, 60) categories!: readonly string[]
}

export class ModelsView {
  @Many(() => ModelView, 100) items!: readonly ModelView[]
  @Optional() @Text(500) nextCursor!: null
}

/** What a message would be judged, without any effect. */
@Controller()
export class ClassifyController {
  constructor(
    private readonly judges: Judges,
    private readonly clock: Clock,
    @Inject(TEXT_MODEL) private readonly model: TextModel,
  ) {}

  @Post('classify')
  @apiTag('Classification')
  @apiOperation(
    'Judges one message, or up to 100, without any effect.',
    'Answers with the score of every category, clear ones too, by the policy in force now.',
    'Nothing is kept: no case, no strike and no measure follows.',
  )
  @HttpCode(200)
  @Roles('platform')
  @BodyLimit(MAX_BODY, MAX_VALUES)
  @JudgesRepeatedNames()
  @apiBody(MessageIn, ClassifyList)
  @apiAnswer(200, 'The verdict, or for a list of messages the verdicts in their order.', Verdict, VerdictList)
  async check(@CurrentCaller() caller: Caller, @Body() body: unknown): Promise<Verdict | VerdictList> {
    const asked = askedFor(body, caller.platform!, this.clock.now())
    const verdicts = await mapPiecesInTurns(asked.messages, (message) => this.classifying(message))
    return asked.list ? { verdicts } : verdicts[0]!
  }

  @Get('models')
  @apiTag('Models')
  @apiOperation(
    'Lists the models that score messages, with their versions.',
    'Verdicts name these versions, so that each can be explained and recomputed.',
    'The list is short and has one page.',
  )
  @Roles('policy_editor', 'auditor', 'admin')
  @apiOk(ModelsView)
  models(): ModelsView {
    const { version, categories } = this.model
    return { items: [{ name: 'text', version, categories }], nextCursor: null }
  }

  private *classifying(message: AcceptedMessage): Generator<undefined, Verdict> {
    const judge = yield* this.judges.judging(message)
    return yield* classifying(message, { judge, model: this.model, mode: 'live', now: this.clock.now() })
  }
}
