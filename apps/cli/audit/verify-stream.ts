import type { KeyObject } from 'node:crypto'
import { LogVerifier, type VerifyOptions } from '#libs/audit/log-verifier'
import type { Checkpoint } from '#libs/contracts/checkpoint'

const NEWLINE = 0x0a
/** No line of an export is as long; what goes on longer is taken for several. */
const LONGEST_LINE = 1_048_576

/** Verifies an export as it comes in. Throws what the stream throws. */
export async function verifyStream(
  stream: AsyncIterable<Uint8Array | string>,
  keys: readonly KeyObject[],
  checkpoints: readonly Checkpoint[],
  options: VerifyOptions = {},
): Promise<ReturnType<LogVerifier['finish']>> {
  const verifier = new LogVerifier(keys, checkpoints, options)
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of stream) {
    rest = Buffer.concat([rest, Buffer.from(chunk)])
    let from = 0
    for (let end; (end = rest.indexOf(NEWLINE, from)) >= 0; from = end + 1)
      verifier.line(rest.subarray(from, end))
    rest = rest.subarray(from)
    if (rest.length > LONGEST_LINE) {
      verifier.line(rest)
      rest = Buffer.alloc(0)
    }
  }
  if (rest.length > 0) verifier.line(rest, true)
  return verifier.finish()
}
