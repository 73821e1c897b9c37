import { connect, createServer, type Server, type Socket } from 'node:net'

const PRODUCE = 0

/**
 * Stands between clients and one broker, which names this as its address. Passes everything on, and on command cuts a
 * client off when the broker has answered its Produce request and before the client hears of it.
 */
export class KafkaProxy {
  /** Connections cut so far. */
  cuts = 0
  private toCut = 0
  private clientPrefix = ''
  private readonly sockets = new Set<Socket>()

  private constructor(
    readonly port: number,
    private readonly server: Server,
  ) {}

  /** Listens on a free port of 127.0.0.1 and connects to the port that `target` then gives. */
  static async listen(target: () => number): Promise<KafkaProxy> {
    const server = createServer()
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, '127.0.0.1', resolve)
    })
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('The proxy has no port.')
    const proxy = new KafkaProxy(address.port, server)
    server.on('connection', (client) => proxy.join(client, target()))
    return proxy
  }

  /** Cuts off the next `count` clients that produce and whose client id begins so; each when its records are stored. */
  cutNext(count: number, clientPrefix: string): void {
    this.toCut = count
    this.clientPrefix = clientPrefix
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve))
    for (const socket of this.sockets) socket.destroy()
    await closed
  }

  private join(client: Socket, port: number): void {
    const broker = connect({ port, host: '127.0.0.1', noDelay: true })
    client.setNoDelay(true)
    let cutAt: number | undefined
    const end = (): void => {
      client.destroy()
      broker.destroy()
    }
    for (const socket of [client, broker]) {
      this.sockets.add(socket)
      socket.on('error', end)
      socket.on('close', () => {
        this.sockets.delete(socket)
        end()
      })
    }
    const requests = new Frames()
    client.on('data', (chunk: Buffer) => {
      for (const request of requests.take(chunk)) {
        if (this.toCut > 0 && cutAt === undefined && this.isToBeCut(request)) {
          this.toCut -= 1
          cutAt = request.readInt32BE(8)
        }
        pass(request, client, broker)
      }
    })
    const answers = new Frames()
    broker.on('data', (chunk: Buffer) => {
      for (const answer of answers.take(chunk)) {
        if (answer.readInt32BE(4) === cutAt) {
          this.cuts += 1
          return end()
        }
        pass(answer, broker, client)
      }
    })
  }

  /** Request header, version 1: size, api key, api version, correlation id, client id. https://kafka.apache.org/protocol#protocol_messages */
  private isToBeCut(request: Buffer): boolean {
    const clientId = request.toString('utf8', 14, 14 + Math.max(0, request.readInt16BE(12)))
    return request.readInt16BE(4) === PRODUCE && clientId.startsWith(this.clientPrefix)
  }
}

function pass(frame: Buffer, from: Socket, to: Socket): void {
  if (to.write(frame)) return
  from.pause()
  to.once('drain', () => from.resume())
}

/** Puts a stream of bytes together into Kafka's frames: four bytes of length, then so many bytes. */
class Frames {
  private parts: Buffer[] = []
  private bytes = 0

  /** The frames that are whole now, each with its length in front. */
  take(chunk: Buffer): Buffer[] {
    this.parts.push(chunk)
    this.bytes += chunk.length
    const whole: Buffer[] = []
    for (let size = this.size(); size !== undefined && this.bytes >= size; size = this.size()) {
      const all = this.parts.length === 1 ? this.parts[0]! : Buffer.concat(this.parts)
      whole.push(all.subarray(0, size))
      this.parts = [all.subarray(size)]
      this.bytes = all.length - size
    }
    return whole
  }

  private size(): number | undefined {
    if (this.bytes < 4) return undefined
    if (this.parts[0]!.length < 4) this.parts = [Buffer.concat(this.parts)]
    return 4 + this.parts[0]!.readInt32BE(0)
  }
}
