import 'reflect-metadata'
import { Command } from 'commander'
import { auditCommand } from './audit/audit.js'
import { useFastRecords } from '#libs/platform/kafka/fast-records'
import { deadLettersCommand } from './dead-letters/dead-letters.js'
import { run } from './run.js'
import { topicsCommand } from './topics.js'

// The services' own: that of kafkajs fails on a header without a value, and takes one named `__proto__` for something else.
useFastRecords()

// `weir … | head` closes the pipe when it has enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

await run(
  new Command('weir')
    .description('For those who run Weir and edit its policy.')
    .showHelpAfterError('(weir --help lists the commands)')
    .addCommand(topicsCommand())
    .addCommand(deadLettersCommand())
    .addCommand(auditCommand()),
)
