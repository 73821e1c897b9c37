import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common'
import { Instant, Int, OneOf, Optional } from '#libs/contracts/fields'
import { type Caller, CurrentCaller } from '#libs/runtime/auth/caller'
import { Roles } from '#libs/runtime/auth/roles.decorator'
import { Idempotent } from '#libs/runtime/http/idempotency'
import { type ExpectedVersions, IfMatch } from '#libs/runtime/http/if-match'
import {
  apiBody,
  apiCreated,
  apiOk,
  apiOperation,
  apiPage,
  apiQuery,
  apiTag,
} from '#libs/runtime/http/openapi'
import { page, PageQuery } from '#libs/runtime/http/paging'
import { notFound } from '#libs/runtime/http/problem'
import { instantCursor } from '../store/cursor.js'
import { ChangePolicy } from './change-policy.js'
import { LintReport, PolicyInBrief, PolicyView } from './policies-api.js'
import { PolicyStore, type PublishedPolicy } from './policy.store.js'
import { PublishPolicy } from './publish-policy.js'
import { lintOf } from './read-policy.js'
import { policyText, YamlBody } from './yaml-bodies.js'

export class PublishBody {
  @OneOf(['live', 'shadow']) mode!: 'live' | 'shadow'
  @Int(0, 100) rollout = 100
  @Optional() @Instant() effectiveFrom?: string
}

/** Versions of the policy. A live one needs two people. */
@Controller('policies')
@apiTag('Policies')
export class PoliciesController {
  constructor(
    private readonly policies: PolicyStore,
    private readonly changePolicy: ChangePolicy,
    private readonly publishPolicy: PublishPolicy,
  ) {}

  @Get()
  @apiOperation(
    'Lists the versions of the policy with each publication.',
    'Without their texts; read one version for that.',
  )
  @Roles('policy_editor', 'auditor', 'admin')
  @apiQuery(PageQuery)
  @apiPage(PolicyInBrief)
  async list(@Query() query: PageQuery) {
    const found = await this.policies.list(query.limit, instantCursor(query.cursor))
    return page(found, query.limit, (one) => [one.createdAt.toISOString(), one._id], inBrief)
  }

  @Post()
  @apiOperation(
    'Drafts a new version of the policy from YAML.',
    'It is linted first, and refused with every error that is found. A draft judges nothing:',
    'another person approves it, and it is published.',
    'The same text by the same author again is the same draft.',
  )
  @Roles('policy_editor')
  @Idempotent()
  @YamlBody()
  @apiCreated(PolicyView)
  async draft(@CurrentCaller() caller: Caller, @Body() body: unknown) {
    return policyView(await this.changePolicy.draft(policyText(body), caller.subject))
  }

  @Post('lint')
  @apiOperation(
    'Checks a policy without keeping it.',
    'Answers with every error and warning, each with its place. Errors are what a draft is refused for.',
  )
  @HttpCode(200)
  @Roles('policy_editor')
  @YamlBody()
  @apiOk(LintReport)
  lint(@Body() body: unknown): LintReport {
    const { errors, warnings } = lintOf(policyText(body))
    return { ok: errors.length === 0, errors, warnings }
  }

  @Get(':version')
  @apiOperation(
    'Shows a version of the policy with its text and its publications.',
    'Verdicts and decisions name the version that they rest on; none is ever changed or removed.',
  )
  @Roles('policy_editor', 'auditor', 'admin')
  @apiOk(PolicyView)
  async get(@Param('version') version: string) {
    const found = await this.policies.byVersion(version)
    if (!found) throw notFound('There is no such policy.')
    return policyView(found)
  }

  @Post(':version/approve')
  @apiOperation(
    'Approves a draft as the second person.',
    'Never possible for its author. It still judges nothing until it is published.',
  )
  @HttpCode(200)
  @Roles('policy_editor')
  @Idempotent()
  @apiOk(PolicyView)
  async approve(
    @Param('version') version: string,
    @CurrentCaller() caller: Caller,
    @IfMatch() ifMatch: ExpectedVersions | undefined,
  ) {
    return policyView(await this.changePolicy.approve(version, caller.subject, ifMatch))
  }

  @Post(':version/publish')
  @apiOperation(
    'Puts an approved version into effect, for all accounts or a share of them.',
    '`live` judges what is received from its instant on, never what came before;',
    '`shadow` judges beside it, without any effect.',
    'Publishing an earlier version again is how one goes back to it.',
  )
  @HttpCode(200)
  @Roles('policy_editor')
  @Idempotent()
  @apiBody(PublishBody)
  @apiOk(PolicyView)
  async publish(
    @Param('version') version: string,
    @CurrentCaller() caller: Caller,
    @Body() body: PublishBody,
    @IfMatch() ifMatch: ExpectedVersions | undefined,
  ) {
    return policyView(await this.publishPolicy.publish(version, body, caller.subject, ifMatch))
  }
}

function inBrief(found: PublishedPolicy): PolicyInBrief {
  const { _id, name, state, createdAt, createdBy, approvedBy, approvedAt, publications, changes } = found
  const last = publications.at(-1)
  return {
    version: _id,
    name,
    state,
    createdAt,
    createdBy,
    approvedBy,
    approvedAt,
    publishedBy: last?.by ?? null,
    publishedAt: last?.publishedAt ?? null,
    rollout: last?.rollout ?? null,
    effectiveFrom: last?.effectiveFrom ?? null,
    publications: publications.map(({ publication, mode, rollout, effectiveFrom, publishedAt, by }) => ({
      publication,
      mode,
      rollout,
      effectiveFrom,
      publishedAt,
      publishedBy: by,
    })),
    changes,
  }
}

function policyView(found: PublishedPolicy): PolicyView {
  return { ...inBrief(found), text: found.text, document: found.document }
}
