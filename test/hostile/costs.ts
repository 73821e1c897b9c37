import { readFileSync } from 'node:fs'
import { checkMessage } from '../../apps/ingestion/check-message.rules.js'
import { privacyOf } from '#libs/runtime/json/says-private'
import { inputDecoder } from '#libs/runtime/kafka/decode-json'
import { Receipt } from '#libs/contracts/receipt'
import { revisionOf } from '#libs/contracts/message'
import { judged } from '../../apps/classification/classify.rules.js'
import { TextModel } from '../../apps/classification/detectors/text-model.js'
import { defaultDocuments, judgeOf } from '../../apps/classification/default-judge.fixture.js'
import { hostileBytes } from './hostile-bytes.js'
import { hostileTexts } from './hostile-texts.js'

/** What a record of an input topic may have, with its key and headers. */
const RECORD_BYTES = 1_000_000
const LENGTHS = [2_500, 5_000, 10_000, 20_000]
const RUNS = 3

/** The least of a few runs: what the work takes, and not what else the machine did. */
function milliseconds(work: () => unknown): number {
  let least = Infinity
  for (let run = 0; run < RUNS; run++) {
    const began = performance.now()
    work()
    least = Math.min(least, performance.now() - began)
  }
  return least
}

function refusalOf(work: () => unknown): string {
  try {
    work()
    return 'taken'
  } catch (error) {
    return (error as { slug?: string }).slug ?? String(error)
  }
}

const decode = inputDecoder(Receipt)

/** What a record costs where it comes as a message, and as a receipt; each is asked once more whether it is private when it is kept. */
export function recordCosts(): string[] {
  const rows = hostileBytes(RECORD_BYTES).map(({ name, bytes }) => {
    const asReceipt = (): unknown => decode({ value: bytes } as never)
    const checked = checkMessage(bytes)
    const slug = checked.outcome === 'rejected' ? checked.rejection.slug : checked.outcome
    const costs = [() => checkMessage(bytes), () => privacyOf(bytes), () => refusalOf(asReceipt)].map(
      milliseconds,
    )
    return `| ${name} | ${bytes.length} | ${slug} | ${costs.map((cost) => cost.toFixed(1)).join(' | ')} | ${refusalOf(asReceipt)} |`
  })
  return [
    '| record | bytes | as a message | check ms | privacy ms | receipt ms | as a receipt |',
    '|---|---|---|---|---|---|---|',
    ...rows,
  ]
}

/** What it costs to judge a text as it grows, and how much more twice the length costs at the end. */
export function textCosts(): string[] {
  const { policy, banks } = defaultDocuments()
  const by = { judge: judgeOf(policy, banks), model: TextModel.load(readFileSync('models/text-v1.bin')) }
  const at = LENGTHS.map(hostileTexts)
  const costOf = ({ text, links }: { text: string; links?: readonly string[] }): number => {
    const message = {
      ...{
        messageId: 'm',
        accountId: 'a',
        visibility: 'public' as const,
        sentAt: '2026-11-24T07:00:00Z',
        text,
      },
      ...(links ? { links: [...links] } : {}),
    }
    const accepted = {
      ...message,
      platformId: 'p1',
      revision: revisionOf(message),
      receivedAt: message.sentAt,
    }
    return milliseconds(() => judged(accepted, by))
  }
  // Once for nothing, so that the first kinds are not charged for what is compiled.
  for (const one of at[1]!) costOf(one)
  const rows = at[0]!.map(({ name }, i) => {
    const costs = at.map((texts) => costOf(texts[i]!))
    return `| ${name} | ${costs.map((cost) => cost.toFixed(2)).join(' | ')} | ${(costs.at(-1)! / costs.at(-2)!).toFixed(1)} |`
  })
  return [`| text | ${LENGTHS.join(' | ')} | growth |`, '|---|---|---|---|---|---|', ...rows]
}
