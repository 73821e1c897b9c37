import { join } from 'node:path'
import { startLocalStack } from './local-stack.js'
import type { LocalStack } from './local-stack.js'
import { projectRoot } from './project-root.js'
import { StackError } from './stack-error.js'

/** Data and logs of what runs in the foreground, kept from run to run: `WEIR_DATA_DIR`, else `.local/`. */
export const localDir = process.env.WEIR_DATA_DIR ?? join(projectRoot, '.local')

/**
 * The stack of `npm start` and `npm run stack`: the usual ports, or those of `WEIR_KAFKA_PORT` and `WEIR_MONGO_PORT`, and
 * never others. `fail` is told when a server ends by itself. @throws StackError
 */
export async function startDefaultStack(fail: (error: StackError) => void): Promise<LocalStack> {
  const stack = await startLocalStack({
    dataDir: localDir,
    kafkaPort: portFrom('WEIR_KAFKA_PORT', 9092),
    mongoPort: portFrom('WEIR_MONGO_PORT', 27017),
    log: (line) => console.error(line),
  })
  stack.kafka?.onUnexpectedEnd(fail)
  stack.mongo?.onUnexpectedEnd(fail)
  return stack
}

function portFrom(variable: string, usual: number): number {
  const value = process.env[variable]
  if (!value) return usual
  const port = Number(value)
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port
  throw new StackError('port-taken', `${variable} is "${value}", which is not a port (1 to 65535).`)
}
