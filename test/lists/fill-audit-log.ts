import type { mongo } from 'mongoose'
import type { AuditBlock } from '../../apps/enforcement/audit/audit.store.js'

const BATCH_SIZE = 2_000
const SPREAD_MS = 180 * 86_400_000

/**
 * Appends a block of the audit log for each of so many accounts, made of the entries that one account of the log has, over
 * half a year. The hashes are those of the model: what lists answer does not depend on them, and `weir audit verify` would
 * complain.
 */
export async function fillAuditLog(database: mongo.Db, accounts: number): Promise<void> {
  const log = database.collection<AuditBlock>('audit_log')
  const blocks = await log.find().toArray()
  const [model] = blocks.flatMap(({ entries, ...block }) => {
    const accountId = entries.find(({ subject }) => subject.startsWith('account/'))?.accountId
    return accountId
      ? [{ ...block, accountId, entries: entries.filter((one) => one.accountId === accountId) }]
      : []
  })
  if (!model) throw new Error('The audit log names no account.')
  const { accountId, ...block } = model
  const size = block.entries.length
  for (let from = 0; from < accounts; from += BATCH_SIZE) {
    const copies = Array.from({ length: Math.min(BATCH_SIZE, accounts - from) }, (_, at): AuditBlock => {
      const first = 1_000_000 + (from + at) * size
      const entries = block.entries.map((entry) => {
        const own = JSON.parse(
          JSON.stringify(entry).replaceAll(accountId, `acc-${from + at}`),
        ) as typeof entry
        return { ...own, entryId: `${entry.entryId}-${from + at}` }
      })
      const loggedAt = new Date(
        block.loggedAt.getTime() - Math.floor(SPREAD_MS * (1 - (from + at) / accounts)),
      )
      return {
        ...block,
        _id: `${block.shard}/${String(first).padStart(12, '0')}`,
        first,
        end: first + size,
        loggedAt,
        entries,
        hashes: block.hashes.slice(0, size),
      }
    })
    await log.insertMany(copies, { ordered: false, writeConcern: { w: 1 } })
  }
}
