import 'reflect-metadata'
import { Command } from 'commander'
import { run } from './run.js'
import { topicsCommand } from './topics.js'

await run(
  new Command('weir')
    .description('For those who run Weir and edit its policy.')
    .showHelpAfterError('(weir --help lists the commands)')
    .addCommand(topicsCommand()),
)
