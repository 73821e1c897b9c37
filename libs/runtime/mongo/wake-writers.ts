import type { EventEmitter } from 'node:events'
import { createRequire } from 'node:module'
import { PermanentError } from '../errors.js'

/** What is used of the driver's own class of connections (mongodb 7, `src/cmap/connection.ts`). */
interface DriverConnection {
  readonly socket: EventEmitter
  readonly closed: boolean
  cleanup: (this: DriverConnection, error: Error) => void
}

let done = false

/**
 * Makes calls to MongoDB fail, and be tried again by the driver, whose connection ends while they are written. The driver
 * waits for a `drain` of the socket then, which one that was destroyed never emits: the call, and whoever awaits it, would
 * wait for ever. It is woken instead, and finds the error that ended its connection. Does nothing the second time.
 * @throws PermanentError `unknown-driver` where the driver has no such class: a release of it was not looked at
 */
export function wakeWriters(): void {
  if (done) return
  const connections = driverConnection()
  const { cleanup } = connections
  connections.cleanup = function (error) {
    if (this.closed) return
    cleanup.call(this, error)
    this.socket.emit('drain')
    // A call that had looked at its connection just before waits from just after on.
    this.socket.on('newListener', (event) => {
      if (event === 'drain') process.nextTick(() => this.socket.emit('drain'))
    })
  }
  done = true
}

/** The class of the driver that mongoose uses, which exports its type only. */
function driverConnection(): DriverConnection {
  const ofMongoose = createRequire(createRequire(import.meta.url).resolve('mongoose'))
  const { Connection } = ofMongoose('mongodb/lib/cmap/connection.js') as {
    Connection?: { prototype: Partial<DriverConnection> }
  }
  if (typeof Connection?.prototype.cleanup === 'function') return Connection.prototype as DriverConnection
  throw new PermanentError('unknown-driver', 'The MongoDB driver is not one that Weir was tested with.', null)
}
