import type { AccessPlan } from './plan-access.rules.js'

type Row = readonly [user: string, on: string, name: string, may: string]

/** Every right as a line for people: who, on what, which, and what may be done with it. */
export function accessTable({ kafka, mongo }: AccessPlan): string {
  const onKafka = kafka.flatMap(({ name: user, grants }) =>
    grants.map(({ resource, name, pattern, operations }): Row => {
      const which = pattern === 'prefix' ? `${name}*` : name
      return [user, `Kafka ${resource}`, which, operations.join(', ')]
    }),
  )
  const onMongo = mongo.flatMap(({ name: user, privileges }) =>
    privileges.map(({ resource, actions }): Row => {
      const which = `${resource.db}.${resource.collection || '*'}`
      return [user, 'MongoDB collection', which, actions.join(', ')]
    }),
  )
  return lines([['user', 'on', 'name', 'may'], ...onKafka, ...onMongo])
}

function lines(rows: readonly Row[]): string {
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}
