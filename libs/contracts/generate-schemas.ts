import 'reflect-metadata'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { PlatformTopics, Topics } from './catalogue.js'
import { publishedSchemaOf } from './published-schema.js'

/** The schema files of all topics, by path from the project's root: `libs/contracts/schemas/<ce_type>.json`. */
export function schemaFiles(): Map<string, string> {
  return new Map(
    [...Object.values(PlatformTopics), ...Object.values(Topics)].map((spec) => [
      `libs/contracts/schemas/${spec.type}.json`,
      `${JSON.stringify(publishedSchemaOf(spec.event), null, 2)}\n`,
    ]),
  )
}

if (import.meta.main) {
  for (const [path, text] of schemaFiles()) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
}
