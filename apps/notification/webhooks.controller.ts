import { Body, Controller, HttpCode, HttpStatus, Param, Post, Put, Res } from '@nestjs/common'
import type { FastifyReply } from 'fastify'
import { Example, Text } from '#libs/contracts/fields'
import { Roles } from '#libs/platform/auth/roles.decorator'
import { apiBody, apiCreated, apiOk } from '#libs/platform/http/openapi'
import { RegisterWebhook } from './register-webhook.js'

export class WebhookRequest {
  /** `https://…`, at a public address. */
  @Text(2_048, 1) url!: string
}

/** Shown this once. */
export class WebhookSecret {
  /** `whsec_` and 32 random bytes in base64, as Standard Webhooks has it. */
  @Example('whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD') @Text(100) secret!: string
}

/**
 * Where a platform is told of notices by signed HTTP requests; admins see to it (SPEC section 5). No `Idempotency-Key` here:
 * answers under a key are kept, and secrets are not.
 */
@Controller('webhooks')
export class WebhooksController {
  constructor(private readonly webhooks: RegisterWebhook) {}

  @Put(':platform')
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
  @HttpCode(200)
  @Roles('admin')
  @apiOk(WebhookSecret, 'The secret before it signs along for 24 hours.')
  async rotate(@Param('platform') platformId: string): Promise<WebhookSecret> {
    return { secret: await this.webhooks.rotate(platformId) }
  }
}
