import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cached } from './fetch-cache.js'
import type { Java } from './get-java.js'
import { projectRoot } from './project-root.js'
import { runNeededTool } from './run-tool.js'
import { verifyFolder } from './verify-hash.js'

export const kafkaFiles = join(projectRoot, 'libs/testing/kafka')

const MISSING =
  'Maven (mvn) is not on the PATH and is needed once to fetch Kafka: install it, or set KAFKA_BROKERS to a Kafka that runs.'

/**
 * The folder of Kafka's jars as `kafka/pom.xml` pins them, each held against `kafka/jars.sha256`.
 * @throws StackError `tool-missing` without Maven, `tool-failed`, `hash-mismatch`.
 */
export async function getKafka(java: Java, log: (line: string) => void): Promise<string> {
  const list = await readFile(join(kafkaFiles, 'jars.sha256'), 'utf8')
  const name = `kafka-${createHash('sha256').update(list).digest('hex').slice(0, 12)}`
  return cached(name, async (folder) => {
    log('fetching Kafka (46 jars, 43 MB), once')
    const args = ['-q', '-B', '-f', join(kafkaFiles, 'pom.xml'), 'dependency:copy-dependencies']
    await runNeededTool('mvn', [...args, `-DoutputDirectory=${folder}`, '-DincludeScope=runtime'], MISSING, {
      env: { ...process.env, ...(java.home !== undefined && { JAVA_HOME: java.home }) },
    })
    await verifyFolder(folder, list)
  })
}
