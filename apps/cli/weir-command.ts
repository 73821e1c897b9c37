import { Command } from 'commander'
import { auditCommand } from './audit/audit.js'
import { deadLettersCommand } from './dead-letters/dead-letters.js'
import { explainCommand } from './explain/explain.js'
import { topicsCommand } from './topics.js'
import { usersCommand } from './users/users.js'

/** `weir` with all its commands. */
export function weirCommand(): Command {
  return new Command('weir')
    .description('For those who run Weir and edit its policy.')
    .showHelpAfterError('(weir --help lists the commands)')
    .addCommand(topicsCommand())
    .addCommand(usersCommand())
    .addCommand(deadLettersCommand())
    .addCommand(auditCommand())
    .addCommand(explainCommand())
}
