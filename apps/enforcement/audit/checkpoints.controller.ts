import { Controller, Get, Query } from '@nestjs/common'
import { AUDIT_SHARDS } from '#libs/audit/chain'
import { verifierKey } from '#libs/audit/checkpoint-note'
import { Checkpoint } from '#libs/contracts/checkpoint'
import { Example, Many, OneOf, Optional, Strings, Text } from '#libs/contracts/fields'
import { Public } from '#libs/runtime/auth/roles.decorator'
import { apiOk, apiOperation, apiQuery, apiTag } from '#libs/runtime/http/openapi'
import { page, PageQuery } from '#libs/runtime/http/paging'
import { instantCursor } from '../store/cursor.js'
import { AuditKey } from './audit-key.js'
import { CheckpointStore, type CheckpointDocument } from './checkpoint.store.js'

export class CheckpointsQuery extends PageQuery {
  @Optional() @OneOf(AUDIT_SHARDS) shard?: string
}

export class CheckpointsPage {
  @Example([
    {
      shard: '2',
      size: 128,
      head: 'q7xw5gd4n6tbv8yhc1r0p3k2mzQ7XW5GD4N6TBV8YHC=',
      note: 'weir.example/audit/2\n128\nq7xw5gd4n6tbv8yhc1r0p3k2mzQ7XW5GD4N6TBV8YHC=\n\n— weir.example/audit/2 O1XFU…\n',
      at: '2026-11-24T08:00:00.000Z',
    },
  ])
  @Many(() => Checkpoint, 200)
  items!: readonly Checkpoint[]
  @Optional() @Text(500) nextCursor!: string | null
  /** One for each shard, and those of earlier keys; keep them elsewhere too. */
  @Example(['weir.example/audit/2+3b1c55e2+AQ2kq0pV4b5nO0cIuYw1m7H3gJt8sE6fRz9dLxXvCaQK'])
  @Strings(100, 500)
  verifierKeys!: readonly string[]
}

/** What anybody may keep, to prove later that the audit log was not changed. */
@Controller('public/checkpoints')
@apiTag('Audit log')
export class CheckpointsController {
  private readonly verifierKeys: readonly string[]

  constructor(
    private readonly checkpoints: CheckpointStore,
    key: AuditKey,
  ) {
    this.verifierKeys = [
      ...AUDIT_SHARDS.map((shard) => verifierKey(key.originOf(shard), key.privateKey)),
      ...key.previous,
    ]
  }

  @Get()
  @apiOperation(
    'Lists the signed checkpoints of the audit log, and the keys to check them with.',
    'Whoever keeps them can prove later that the log was not changed.',
    'They hold hashes and sizes, nothing about people.',
  )
  @Public()
  @apiQuery(CheckpointsQuery)
  @apiOk(CheckpointsPage, 'Newest first.')
  async list(@Query() { shard, limit, cursor }: CheckpointsQuery): Promise<CheckpointsPage> {
    const found = await this.checkpoints.list(shard, limit, instantCursor(cursor))
    const listed = page(found, limit, (one) => [one.at.toISOString(), one._id], checkpointView)
    return { ...listed, verifierKeys: this.verifierKeys }
  }
}

function checkpointView({ shard, size, head, note, at }: CheckpointDocument): Checkpoint {
  return { shard, size, head, note, at: at.toISOString() }
}
