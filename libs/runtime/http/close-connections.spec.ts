import fastify from 'fastify'
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { closeConnectionsAtEnd } from './close-connections.js'

const MIB = Buffer.alloc(1024 * 1024)

/** Longer than what a connection buffers for a client that reads nothing, as an export of the audit log may be. */
function* longAnswer(): Generator<Buffer> {
  for (let part = 0; part < 64; part += 1) yield MIB
}

it('a client that does not read its answer to the end keeps no service from its own', async () => {
  const app = fastify()
  closeConnectionsAtEnd(app, 50)
  app.get('/', async () => Readable.from(longAnswer()))
  await app.listen({ host: '127.0.0.1', port: 0 })
  const client = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  client.on('error', () => undefined)
  client.write('GET / HTTP/1.1\r\nHost: weir\r\n\r\n')
  await once(client, 'readable')
  await app.close()
  const cut = once(client, 'close')
  client.resume()
  await cut
  expect(client.bytesRead).toBeLessThan(64 * MIB.length)
})
