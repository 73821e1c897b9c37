import { Body, Controller, Get, HttpCode, HttpStatus, Param, Post, Put, Res } from '@nestjs/common'
import type { FastifyReply } from 'fastify'
import { Example, Instant, OneOf, Optional, PlatformId, Text } from '#libs/contracts/fields'
import { Roles } from '#libs/runtime/auth/roles.decorator'
import { apiBody, apiCreated, apiOk, apiOperation, apiTag } from '#libs/runtime/http/openapi'
import { RegisterWebhook } from './register-webhook.js'
import type { Webhook } from './webhook.store.js'

export class WebhookRequest {
  /** `https://…`, at a public address. */
  @Text(2_048, 1) url!: string
}

/** Shown this once. */
export class WebhookSecret {
  /** `whsec_` and 32 random bytes in base64, as Standard Webhooks has it. */
  @Example('whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD') @Text(100) secret!: string
}

const STATES = ['in_use', 'failing', 'disabled', 'gone'] as const

/** Where a platform's notices go, and how that fares. */
export class WebhookView {
  @PlatformId() platform!: string
  @Example('https://chat-one.example/weir') @Text(2_048, 1) url!: string
  /**
   * `failing`: the last attempt failed, others follow. `disabled`: a day of failures; one attempt an hour, the first that is
   * taken ends it. `gone`: its receiver answered 410, and only another PUT ends that.
   */
  @OneOf(STATES) state!: (typeof STATES)[number]
  @Optional() @Instant() failingSince!: string | null
  @Optional() @Instant() disabledAt!: string | null
  /** When the next single attempt may be made. */
  @Optional() @Instant() probeAt!: string | null
}

/**
 * Where a platform is told of notices by signed HTTP requests; admins see to it (SPEC section 5). No `Idempotency-Key` here:
 * answers under a key are kept, and secrets are not.
 */
@Controller('webhooks')
@apiTag('Webhooks')
export class WebhooksController {
  constructor(private readonly webhooks: RegisterWebhook) {}

  @Get(':platform')
  @apiOperation(
    'Shows where the notices of a platform go, and how that fares.',
    'Tells since when attempts fail and when the next single attempt may be made.',
    'The secret is never shown again.',
  )
  @Roles('admin', 'auditor')
  @apiOk(WebhookView)
  async get(@Param('platform') platformId: string): Promise<WebhookView> {
    return webhookView(await this.webhooks.view(platformId))
  }

  @Put(':platform')
  @apiOperation(
    'Sets the webhook of a platform and gives out its signing secret.',
    'The secret is shown this once. One that was there before signs no more;',
    'a webhook that was out of use is in use again, and what waits for it is sent.',
    'The URL must lead to a public address.',
  )
  @Roles('admin')
  @apiBody(WebhookRequest)
  @apiOk(WebhookSecret, 'Replaced; only this secret signs from now on.')
  @apiCreated(WebhookSecret)
  async put(
    @Param('platform') platformId: string,
    @Body() body: WebhookRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WebhookSecret> {
    const { secret, created } = await this.webhooks.register(platformId, body.url)
    void reply.status(created ? HttpStatus.CREATED : HttpStatus.OK)
    return { secret }
  }

  @Post(':platform/rotate')
  @apiOperation(
    'Gives out a new signing secret for a webhook.',
    'For 24 hours requests are signed by both secrets, so that the receiver can change over without losing',
    'any. The new one is shown this once.',
  )
  @HttpCode(200)
  @Roles('admin')
  @apiOk(WebhookSecret, 'The secret before it signs along for 24 hours.')
  async rotate(@Param('platform') platformId: string): Promise<WebhookSecret> {
    return { secret: await this.webhooks.rotate(platformId) }
  }
}

function webhookView({ _id, url, failingSince, disabledAt, disabledFor, probeAt }: Webhook): WebhookView {
  const disabled = disabledFor === 'gone' ? 'gone' : 'disabled'
  return {
    platform: _id,
    url,
    state: disabledAt ? disabled : failingSince ? 'failing' : 'in_use',
    failingSince: failingSince?.toISOString() ?? null,
    disabledAt: disabledAt?.toISOString() ?? null,
    probeAt: probeAt?.toISOString() ?? null,
  }
}
