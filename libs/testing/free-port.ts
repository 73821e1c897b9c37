import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { StackError } from './stack-error.js'

/**
 * Below the range from which systems take the ports of outgoing connections, so that no client can sit on a server's port
 * while that server is being restarted.
 */
const LOWEST = 15_000
const HIGHEST = 32_000
const LOOPBACK = '127.0.0.1'

const given = new Set<number>()

/** A TCP port of 127.0.0.1 that nobody listens on and that this process has not been given before. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(LOWEST, HIGHEST)
    if (given.has(port) || (await listenError(port)) !== undefined) continue
    given.add(port)
    return port
  }
}

/**
 * @param host the address that it is needed on.
 * @param remedy what moves it to another port, as the end of a sentence.
 * @throws StackError `port-taken` where `who` needs a port that another program has.
 */
export async function needPort(port: number, who: string, remedy: string, host = LOOPBACK): Promise<void> {
  const error = await listenError(port, host)
  if (error === undefined) return
  const why = error === 'EADDRINUSE' ? 'is taken by another program' : `cannot be used (${error})`
  throw new StackError('port-taken', `Port ${port} of ${host}, for ${who}, ${why}: ${remedy}.`)
}

function listenError(port: number, host = LOOPBACK): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(undefined)))
  })
}
