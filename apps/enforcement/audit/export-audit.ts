import { Injectable } from '@nestjs/common'
import { AUDIT_SHARDS } from '#libs/audit/chain'
import { headLine, recordLine } from '#libs/audit/export-lines'
import { AuditStore } from './audit.store.js'
import { PublishCheckpoints } from './publish-checkpoints.js'

/** Lines that go out together. */
const LINE_BATCH_SIZE = 200

/** Writes the log out as it can be verified (`libs/audit/log-verifier.ts`). */
@Injectable()
export class ExportAudit {
  constructor(
    private readonly log: AuditStore,
    private readonly checkpoints: PublishCheckpoints,
  ) {}

  /**
   * What was appended from one instant up to another, as NDJSON: a signed head for each shard, then the records. Without
   * `to`, what is there when it begins. Resolves when the heads are signed; the records are read as they are taken.
   */
  async open(from: Date | undefined, to: Date | undefined): Promise<AsyncGenerator<string>> {
    const parts: Part[] = []
    let heads = ''
    for (const shard of AUDIT_SHARDS) {
      const end = to ? await this.log.sizeBefore(shard, to) : (await this.log.tail(shard)).size
      const first = from ? Math.min(await this.log.sizeBefore(shard, from), end) : 0
      parts.push({ shard, first, end })
      heads += headLine({ shard, first, note: await this.checkpoints.noteAt(shard, end) })
    }
    return this.lines(heads, parts)
  }

  private async *lines(heads: string, parts: readonly Part[]): AsyncGenerator<string> {
    yield heads
    let lines: string[] = []
    for (const { shard, first, end } of parts) {
      for await (const record of this.log.between(shard, first, end)) {
        if (lines.push(recordLine(record)) < LINE_BATCH_SIZE) continue
        yield lines.join('')
        lines = []
      }
    }
    if (lines.length > 0) yield lines.join('')
  }
}

interface Part {
  shard: string
  first: number
  /** One after the last. */
  end: number
}
