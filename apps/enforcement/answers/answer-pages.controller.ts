import { Body, Get, Post, Query, Req, Res } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Public } from '#libs/runtime/auth/roles.decorator'
import { PageController } from '#libs/runtime/http/page.decorator'
import { answerWithPage, type PageFields, textOf } from '#libs/runtime/pages/answer-with-page'
import { AnswerIntent, LONGEST_ANSWER } from './answer-intent.js'
import { answeredPage, answerPage, answerProblemPage } from './answer-pages.rules.js'

/** The page on which the owner of an account reads what is intended, and answers. No script, no cookie. */
@PageController('answer')
@Public()
export class AnswerPages {
  constructor(private readonly answerIntent: AnswerIntent) {}

  @Get()
  async show(@Req() request: FastifyRequest, @Query() query: PageFields, @Res() reply: FastifyReply) {
    const token = textOf(query, 'token', 2_048)
    const to = { request, query, reply, kept: { token }, problemPage: answerProblemPage }
    await answerWithPage(to, async (place) => {
      const intended = await this.answerIntent.follow(token)
      return { status: 200, page: answerPage(place, intended, token) }
    })
  }

  @Post()
  async answer(
    @Req() request: FastifyRequest,
    @Query() query: PageFields,
    @Body() body: PageFields | undefined,
    @Res() reply: FastifyReply,
  ) {
    const token = textOf(body, 'token', 2_048)
    const to = { request, query, reply, kept: { token }, problemPage: answerProblemPage }
    await answerWithPage(to, async (place) => {
      await this.answerIntent.answer(token, textOf(body, 'text', LONGEST_ANSWER))
      return { status: 201, page: answeredPage(place) }
    })
  }
}
