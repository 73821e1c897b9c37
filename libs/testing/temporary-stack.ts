import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ClusterStack, startCluster } from './cluster-stack.js'
import { isAlive } from './is-alive.js'
import { startLocalStack } from './local-stack.js'
import type { LocalStack, LocalStackOptions } from './local-stack.js'
import { type SecureStack, type SecureStackOptions, startSecureStack } from './secure-stack.js'

const PREFIX = 'weir-stack-'

/** A stack on free ports whose data is gone when it has stopped: for tests and the demo. @throws StackError */
export async function startTemporaryStack(
  options: Pick<LocalStackOptions, 'log' | 'kafkaConfig' | 'alwaysOwn'> = {},
): Promise<LocalStack> {
  return inTemporaryFolder((dataDir) =>
    startLocalStack({ ...options, dataDir, kafkaPort: 'free', mongoPort: 'free' }),
  )
}

/** Three brokers and three mongods in place of one each; the same otherwise. @throws StackError */
export async function startTemporaryCluster(): Promise<ClusterStack> {
  return inTemporaryFolder(startCluster)
}

/** A stack that asks its users to log in over TLS and denies what is not granted. @throws StackError */
export async function startTemporarySecureStack(options: SecureStackOptions): Promise<SecureStack> {
  return inTemporaryFolder((dataDir) => startSecureStack(dataDir, options))
}

async function inTemporaryFolder<T extends { stop: () => Promise<void> }>(
  start: (dataDir: string) => Promise<T>,
): Promise<T> {
  await removeOrphans()
  const dataDir = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`))
  const removeData = () => rm(dataDir, { recursive: true, force: true })
  try {
    const stack = await start(dataDir)
    const stop = async () => {
      await stack.stop()
      await removeData()
    }
    return { ...stack, stop }
  } catch (error) {
    await removeData()
    throw error
  }
}

/** Data of stacks whose process was killed before it could remove them. */
async function removeOrphans(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1]
    if (owner === undefined || isAlive(Number(owner))) continue
    await rm(join(tmpdir(), name), { recursive: true, force: true })
  }
}
