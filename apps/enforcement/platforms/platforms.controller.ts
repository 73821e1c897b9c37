import { Body, Controller, Get, HttpCode, Param, Patch, Post, Query, Res } from '@nestjs/common'
import type { FastifyReply } from 'fastify'
import { Example, Many, OneOf, Optional, PlatformId, Shape, Strings, Text } from '#libs/contracts/fields'
import { PLATFORM_MODES, PlatformContact, type PlatformMode } from '#libs/contracts/platform'
import { type Caller, CurrentCaller } from '#libs/runtime/auth/caller'
import { Roles } from '#libs/runtime/auth/roles.decorator'
import { Idempotent } from '#libs/runtime/http/idempotency'
import { type ExpectedVersions, IfMatch } from '#libs/runtime/http/if-match'
import {
  apiAnswer,
  apiBody,
  apiOk,
  apiOperation,
  apiPage,
  apiQuery,
  apiTag,
} from '#libs/runtime/http/openapi'
import { decodeCursor, page, PageQuery } from '#libs/runtime/http/paging'
import { notFound } from '#libs/runtime/http/problem'
import { PlatformStore, type PlatformDocument } from './platform.store.js'
import {
  DEADLINES,
  LINK_PATTERNS,
  PlatformView,
  RegisteredPlatformView,
  TOPICS_COMMAND,
} from './platforms-api.js'
import { RegisterPlatform } from './register-platform.js'

export class PlatformBody {
  @Example('chat-one') @PlatformId() id!: string
  @Example('Chat One') @Text(200, 1) name!: string
  @Optional() @OneOf(PLATFORM_MODES) mode?: PlatformMode
  @Many(() => PlatformContact, 50) contacts!: PlatformContact[]
  @Example(LINK_PATTERNS) @Optional() @Strings(50, 500) linkPatterns?: string[]
  @Example(DEADLINES) @Optional() @Shape() deadlines?: Record<string, unknown>
}

export class PlatformPatch {
  @Example('Chat One') @Optional() @Text(200, 1) name?: string
  @Optional() @OneOf(PLATFORM_MODES) mode?: PlatformMode
  @Optional() @Many(() => PlatformContact, 50) contacts?: PlatformContact[]
  @Example(LINK_PATTERNS) @Optional() @Strings(50, 500) linkPatterns?: string[]
  @Example(DEADLINES) @Optional() @Shape() deadlines?: Record<string, unknown>
}

export class PlatformsQuery extends PageQuery {
  @Optional() @PlatformId() platform?: string
}

/** Messaging services under duty. */
@Controller('platforms')
@apiTag('Platforms')
export class PlatformsController {
  constructor(
    private readonly platforms: PlatformStore,
    private readonly registration: RegisterPlatform,
  ) {}

  @Post()
  @apiOperation(
    'Registers a messaging service.',
    'Its topics are created, where the service may, and are read within seconds, without a restart.',
    'In mode `observe` it is judged and nothing is ordered. The same again changes nothing.',
  )
  @Roles('admin')
  @Idempotent()
  @apiBody(PlatformBody)
  @apiAnswer(
    200,
    'It was registered with the same details before: nothing is changed.',
    RegisteredPlatformView,
  )
  @apiAnswer(
    201,
    'Registered; its topics are there, or named in `topicsMissing` where the service may not create them.',
    RegisteredPlatformView,
  )
  async register(
    @CurrentCaller() caller: Caller,
    @Body() body: PlatformBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RegisteredPlatformView> {
    const { platform, created, topicsMissing } = await this.registration.register(body, caller.subject)
    void reply.status(created ? 201 : 200)
    const lacking = topicsMissing.length > 0 ? { topicsMissing, command: TOPICS_COMMAND } : {}
    return { ...platformView(platform), ...lacking }
  }

  @Get()
  @apiOperation(
    'Lists the registered platforms.',
    'The last registered first, with their contacts and deadlines. Secrets of webhooks are not shown.',
  )
  @Roles('admin', 'auditor')
  @apiQuery(PlatformsQuery)
  @apiPage(PlatformView)
  async list(@Query() query: PlatformsQuery) {
    const after = decodeCursor(query.cursor, 2) as [string, string] | undefined
    const found = await this.platforms.list(query.platform, query.limit, after)
    return page(found, query.limit, (one) => [one.registeredAt, one._id], platformView)
  }

  @Get(':id')
  @apiOperation('Shows a registered platform.', 'With its contacts, link patterns and deadlines.')
  @Roles('admin', 'auditor')
  @apiOk(PlatformView)
  async get(@Param('id') id: string) {
    const platform = await this.platforms.byId(id)
    if (!platform) throw notFound('There is no such platform.')
    return platformView(platform)
  }

  @Patch(':id')
  @apiOperation(
    'Changes what is registered of a platform.',
    'Fields that are left out stay as they are. Deadlines hold for what is ordered from then on.',
    'A contact that is added gets the notices that reached nobody.',
  )
  @HttpCode(200)
  @Roles('admin')
  @Idempotent()
  @apiBody(PlatformPatch)
  @apiOk(PlatformView)
  async change(
    @Param('id') id: string,
    @CurrentCaller() caller: Caller,
    @Body() body: PlatformPatch,
    @IfMatch() ifMatch: ExpectedVersions | undefined,
  ) {
    return platformView(await this.registration.change(id, body, caller.subject, ifMatch))
  }
}

function platformView(platform: PlatformDocument): PlatformView {
  const { platformId, name, mode, contacts, linkPatterns, deadlines, registeredAt, version } = platform
  return { id: platformId, name, mode, contacts, linkPatterns, deadlines, registeredAt, version }
}
