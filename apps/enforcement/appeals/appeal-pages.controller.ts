import { Body, Get, Post, Query, Req, Res } from '@nestjs/common'
import { randomBytes } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Caller, CurrentCaller } from '#libs/runtime/auth/caller'
import { Public } from '#libs/runtime/auth/roles.decorator'
import { PageController } from '#libs/runtime/http/page.decorator'
import { answerWithPage, type PageFields, textOf } from '#libs/runtime/pages/answer-with-page'
import type { Place } from '#libs/runtime/pages/public-page'
import { appealPage, appealProblemPage, receivedPage, statusPage } from './appeal-pages.rules.js'
import { FollowAppeal } from './follow-appeal.js'
import { GiveFacts } from './give-facts.js'
import { actorOf, LONGEST_APPEAL, OpenAppeal } from './open-appeal.js'
import { canWithdraw, takesFacts } from './one-appeal.rules.js'
import { ReadEvidence } from './read-evidence.js'

type Fields = PageFields

/** The pages on which the owner of an account reads what was decided, objects, and follows it. No script, no cookie. */
@PageController('appeal')
@Public()
export class AppealPages {
  constructor(
    private readonly openAppeal: OpenAppeal,
    private readonly evidence: ReadEvidence,
    private readonly following: FollowAppeal,
    private readonly giveFacts: GiveFacts,
  ) {}

  @Get()
  async show(
    @Req() request: FastifyRequest,
    @Query() query: Fields,
    @CurrentCaller() caller: Caller,
    @Res() reply: FastifyReply,
  ) {
    const token = textOf(query, 'token', 2_048)
    await answer(request, query, reply, { token }, async (place) => {
      const linked = await this.openAppeal.follow(token)
      const evidence = await this.evidence.behind(linked.statement, actorOf(caller))
      // What is sent from this view of the page is one appeal, however often it is sent.
      const nonce = randomBytes(24).toString('base64url')
      return { status: 200, page: appealPage(place, { ...linked, evidence, token, nonce }) }
    })
  }

  @Post()
  async open(
    @Req() request: FastifyRequest,
    @Query() query: Fields,
    @Body() body: Fields | undefined,
    @CurrentCaller() caller: Caller,
    @Res() reply: FastifyReply,
  ) {
    const token = textOf(body, 'token', 2_048)
    await answer(request, query, reply, { token }, async (place) => {
      const text = textOf(body, 'text', LONGEST_APPEAL)
      const key = textOf(body, 'nonce', 200)
      const receiptCode = await this.openAppeal.open(token, text, { caller, key })
      return { status: 201, page: receivedPage(place, receiptCode) }
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
    @CurrentCaller() caller: Caller,
    @Res() reply: FastifyReply,
  ) {
    await answer(request, query, reply, {}, async (place) => {
      const receiptCode = textOf(body, 'receiptCode', 60).trim()
      const found = await this.act(receiptCode, body, caller)
      const can = { takesFacts: takesFacts(found), canWithdraw: canWithdraw(found) }
      return { status: 200, page: statusPage(place, { receiptCode, state: found.state, ...can }) }
    })
  }

  private act(receiptCode: string, body: Fields | undefined, caller: Caller) {
    if (body?.['withdraw'] === 'yes') return this.openAppeal.withdraw(receiptCode, caller)
    const isTold = body !== undefined && Object.hasOwn(body, 'facts')
    if (isTold) return this.giveFacts.give(receiptCode, textOf(body, 'facts', LONGEST_APPEAL), caller)
    return this.following.byCode(receiptCode, caller)
  }
}

function answer(
  request: FastifyRequest,
  query: Fields,
  reply: FastifyReply,
  kept: Readonly<Record<string, string>>,
  make: (place: Place) => Promise<{ status: number; page: string }>,
): Promise<void> {
  return answerWithPage({ request, query, reply, kept, problemPage: appealProblemPage }, make)
}
