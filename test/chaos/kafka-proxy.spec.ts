import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { KafkaProxy } from './kafka-proxy.js'

/** A request as kafkajs frames it, with its correlation id; Produce is 0. */
function request(apiKey: number, correlationId: number, clientId: string): Buffer {
  const name = Buffer.from(clientId)
  const frame = Buffer.alloc(14 + name.length)
  frame.writeInt32BE(frame.length - 4, 0)
  frame.writeInt16BE(apiKey, 4)
  frame.writeInt32BE(correlationId, 8)
  frame.writeInt16BE(name.length, 12)
  name.copy(frame, 14)
  return frame
}

/** A broker that answers each request with its correlation id, and remembers those that it has got. */
let broker: Server
let stored: number[]
let proxy: KafkaProxy
let clients: Socket[]

beforeEach(async () => {
  stored = []
  clients = []
  broker = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (data) => {
      for (let at = 0; at < data.length; at += 4 + data.readInt32BE(at)) {
        stored.push(data.readInt32BE(at + 8))
        const answer = Buffer.alloc(8)
        answer.writeInt32BE(4, 0)
        answer.writeInt32BE(data.readInt32BE(at + 8), 4)
        socket.write(answer)
      }
    })
  }).listen(0, '127.0.0.1')
  await once(broker, 'listening')
  proxy = await KafkaProxy.listen(() => (broker.address() as { port: number }).port)
})
afterEach(async () => {
  for (const client of clients) client.destroy()
  await proxy.close()
  broker.close()
})

/** Writes requests in pieces of `size` bytes; gives the correlation ids of the answers until `count` came or the end did. */
async function ask(requests: Buffer[], size: number, count: number): Promise<number[]> {
  const client = connect(proxy.port, '127.0.0.1')
  clients.push(client)
  const bytes = Buffer.concat(requests)
  for (let at = 0; at < bytes.length; at += size) client.write(bytes.subarray(at, at + size))
  const answers: Buffer[] = []
  const heard = (): number => Buffer.concat(answers).length / 8
  client.on('error', () => undefined)
  client.on('data', (data) => answers.push(data))
  const closed = once(client, 'close')
  while (heard() < count && !client.destroyed) await Promise.race([closed, once(client, 'data')])
  const all = Buffer.concat(answers)
  return Array.from({ length: heard() }, (_, i) => all.readInt32BE(8 * i + 4))
}

it.each([1, 7, 1_000])('passes frames on whole, in pieces of %i bytes', async (size) => {
  const requests = [request(0, 1, 'weir-a'), request(3, 2, 'other'), request(0, 3, 'weir-a')]
  expect(await ask(requests, size, 3)).toEqual([1, 2, 3])
})

it('cuts off who produces, when the broker has stored it and before it is heard of, and nobody else', async () => {
  proxy.cutNext(1, 'weir-a')
  expect(await ask([request(0, 1, 'weir-b'), request(3, 2, 'weir-a')], 5, 2)).toEqual([1, 2])
  expect(await ask([request(3, 3, 'weir-a'), request(0, 4, 'weir-a')], 5, 2)).toEqual([3])
  expect(stored).toContain(4)
  expect(await ask([request(0, 5, 'weir-a')], 5, 1)).toEqual([5])
  expect(proxy.cuts).toBe(1)
})
