import { builtFile } from './service-process.js'
import { projectRoot } from './project-root.js'
import { runNeededTool } from './run-tool.js'

/** Creates Weir's topics by `weir topics apply` in a process of its own. @throws StackError `not-built`, `tool-failed` */
export async function applyTopics(env: Record<string, string>): Promise<void> {
  await runNeededTool(
    process.execPath,
    [builtFile('apps/cli/main.js'), 'topics', 'apply'],
    'Node cannot be run.',
    {
      env: { ...process.env, ...env },
      cwd: projectRoot,
    },
  )
}
