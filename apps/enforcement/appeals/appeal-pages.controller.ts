import { Body, Get, Post, Query, Req, Res } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Public } from '#libs/platform/auth/roles.decorator'
import { PageController } from '#libs/platform/http/page.decorator'
import { answerWithPage, type PageFields, textOf } from './answer-with-page.js'
import { appealPage, problemPage, receivedPage, statusPage, type Place } from './appeal-pages.rules.js'
import { LONGEST_APPEAL, OpenAppeal } from './open-appeal.js'
import { ReadEvidence } from './read-evidence.js'

type Fields = PageFields

/** The pages on which the owner of an account reads what was decided, objects, and follows it. No script, no cookie. */
@PageController('appeal')
@Public()
export class AppealPages {
  constructor(
    private readonly openAppeal: OpenAppeal,
    private readonly evidence: ReadEvidence,
  ) {}

  @Get()
  async show(@Req() request: FastifyRequest, @Query() query: Fields, @Res() reply: FastifyReply) {
    const token = textOf(query, 'token', 2_048)
    await answer(request, query, reply, { token }, async (place) => {
      const linked = await this.openAppeal.follow(token)
      const evidence = await this.evidence.behind(linked.statement)
      return { status: 200, page: appealPage(place, { ...linked, evidence, token }) }
    })
  }

  @Post()
  async open(
    @Req() request: FastifyRequest,
    @Query() query: Fields,
    @Body() body: Fields | undefined,
    @Res() reply: FastifyReply,
  ) {
    const token = textOf(body, 'token', 2_048)
    await answer(request, query, reply, { token }, async (place) => {
      const text = textOf(body, 'text', LONGEST_APPEAL)
      return { status: 201, page: receivedPage(place, await this.openAppeal.open(token, text)) }
    })
  }

  @Get('status')
  async askForCode(@Req() request: FastifyRequest, @Query() query: Fields, @Res() reply: FastifyReply) {
    await answer(request, query, reply, {}, async (place) => ({ status: 200, page: statusPage(place, null) }))
  }

  @Post('status')
  async status(
    @Req() request: FastifyRequest,
    @Query() query: Fields,
    @Body() body: Fields | undefined,
    @Res() reply: FastifyReply,
  ) {
    await answer(request, query, reply, {}, async (place) => {
      const receiptCode = textOf(body, 'receiptCode', 60).trim()
      const withdraws = body?.['withdraw'] === 'yes'
      const { state } = withdraws
        ? await this.openAppeal.withdraw(receiptCode)
        : await this.openAppeal.byCode(receiptCode)
      return { status: 200, page: statusPage(place, { receiptCode, state }) }
    })
  }
}

function answer(
  request: FastifyRequest,
  query: Fields,
  reply: FastifyReply,
  kept: Readonly<Record<string, string>>,
  make: (place: Place) => Promise<{ status: number; page: string }>,
): Promise<void> {
  return answerWithPage({ request, query, reply, kept, problemPage }, make)
}
