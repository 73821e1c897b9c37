import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import mongoose, { type mongo } from 'mongoose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { wakeWriters } from './wake-writers.js'

const { MongoClient, MongoNetworkError } = mongoose.mongo

describe('a call whose connection to MongoDB ends', () => {
  let proxy: Server
  let port: number
  let deaf = false
  let client: mongo.MongoClient
  let collection: mongo.Collection<{ _id: string; text: string }>
  const sockets: Socket[] = []
  const note = (message: unknown): void => void sockets.push((message as { socket: Socket }).socket)
  const ofClient = (): Socket[] => sockets.filter(({ remotePort }) => remotePort === port)

  beforeEach(async () => {
    wakeWriters()
    deaf = false
    proxy = await startProxy(new URL(process.env['MONGODB_URI']!), () => deaf)
    port = (proxy.address() as AddressInfo).port
    subscribe('net.client.socket', note)
    client = new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`, { retryWrites: false })
    collection = client.db('weir_wake_writers').collection('texts')
    await collection.findOne({ _id: 'a' })
  })

  afterEach(async () => {
    unsubscribe('net.client.socket', note)
    await client.close()
    for (const socket of sockets.splice(0)) socket.destroy()
    proxy.close()
  })

  it('is answered over another one, when the end was not noticed before it was written', async () => {
    for (const socket of ofClient()) socket.destroy()
    expect(await collection.findOne({ _id: 'a' })).toBeNull()
  })

  it('fails, when the server had not taken all of it', async () => {
    deaf = true
    const inserted = collection.insertOne({ _id: 'a', text: 'x'.repeat(12_000_000) })
    const outcome = inserted.then(
      () => undefined,
      (error: unknown) => error,
    )
    await expect.poll(() => ofClient().some(({ writableNeedDrain }) => writableNeedDrain)).toBe(true)
    for (const socket of ofClient()) socket.destroy()
    expect(await outcome).toBeInstanceOf(MongoNetworkError)
  })
})

/** Passes on what it is sent, unless it is deaf: then nothing is read, and the buffers of who sends fill. */
async function startProxy(target: URL, isDeaf: () => boolean): Promise<Server> {
  const proxy = createServer((inbound) => {
    const outbound = connect(Number(target.port), target.hostname)
    passOn(inbound, outbound)
    passOn(outbound, inbound)
  }).listen(0, '127.0.0.1')
  const passOn = (from: Socket, to: Socket): void => {
    from.on('data', (chunk) => (isDeaf() ? from.pause() : to.write(chunk)))
    from.on('error', () => to.destroy())
    from.on('close', () => to.destroy())
  }
  await once(proxy, 'listening')
  return proxy
}
