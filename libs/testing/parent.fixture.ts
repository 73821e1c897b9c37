import { spawn } from 'node:child_process'
import { pathToFileURL } from 'node:url'
import { dirname } from 'node:path'
import { builtFile } from './service-process.js'

/** A Node process of its own, to be killed by a test. */
export interface Parent {
  /** What it told by `say`. */
  said: unknown
  kill(signal: NodeJS.Signals): void
}

/**
 * Runs `program`, the body of an ES module, without the servers of this run in its environment. It has `folder`, the URL of the
 * compiled `libs/testing/`, and calls `say(value)` once; resolves then.
 */
export async function startParent(program: string): Promise<Parent> {
  const folder = pathToFileURL(dirname(builtFile('libs/testing/guarded-process.js'))).href
  const prelude = `const folder = '${folder}/'; const say = (value) => console.log(JSON.stringify(value));`
  const child = spawn(process.execPath, ['--input-type=module', '-e', prelude + program], {
    env: withoutServers(),
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const said = await new Promise<unknown>((resolve, reject) => {
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      if (text.endsWith('\n')) resolve(JSON.parse(text))
    })
    child.on('close', () => reject(new Error('the parent ended before it said anything')))
  })
  return { said, kill: (signal) => child.kill(signal) }
}

/** Our environment less the servers that all tests share. */
export function withoutServers(): NodeJS.ProcessEnv {
  const env = { ...process.env }
  delete env.KAFKA_BROKERS
  delete env.MONGODB_URI
  return env
}
