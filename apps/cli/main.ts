import 'reflect-metadata'
import { useFastRecords } from '#libs/runtime/kafka/fast-records'
import { run } from './run.js'
import { weirCommand } from './weir-command.js'

// The services' own: that of kafkajs fails on a header without a value, and takes one named `__proto__` for something else.
useFastRecords()

// `weir … | head` closes the pipe when it has enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

await run(weirCommand())
