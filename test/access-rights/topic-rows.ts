import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '#libs/testing/project-root'

/** A topic as the table of `docs/spec.md` has it: who writes it and who reads it. */
export interface TopicRow {
  readonly name: string
  readonly from: readonly string[]
  readonly to: readonly string[]
}

/** The rows of the table in section 4, for these platforms in place of the pattern. */
export function topicRows(platformIds: readonly string[]): TopicRow[] {
  const page = readFileSync(join(projectRoot, 'docs/spec.md'), 'utf8')
  const [table] = page.split('## 4. Topics')[1]!.split('\n\nThe platform')
  const rows = [...table!.matchAll(/^\| `(weir\.[^`]+)` \| ([^|]+) \| ([^|]+) \|/gm)].map(
    (match): TopicRow => {
      const [, name, from, to] = match as unknown as [string, string, string, string]
      return { name, from: from.trim().split(', '), to: to.trim().split(', ') }
    },
  )
  return rows.flatMap((row) =>
    row.name.includes('<platformId>')
      ? platformIds.map((id) => ({ ...row, name: row.name.replace('<platformId>', id) }))
      : [row],
  )
}
