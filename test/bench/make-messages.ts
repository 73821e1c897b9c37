import { zipf } from './zipf.js'

/** What the messages of a run look like. */
export interface Mix {
  readonly texts: readonly string[]
  readonly harmful: readonly string[]
  readonly accounts: number
  /** Of a thousand messages, how many are harmful. */
  readonly harmfulPerMille: number
}

export interface MadeMessage {
  readonly key: string
  readonly value: Buffer
}

/**
 * Makes message after message: accounts by Zipf, every so-manyth text harmful, an id that holds `run` and the number.
 * Harmful ones come from accounts of their own, so that each leads to a removal however many there are.
 */
export function messageMaker(mix: Mix, run: string): (n: number, sentAt: number) => MadeMessage {
  const rank = zipf(mix.accounts, 1)
  const every = mix.harmfulPerMille === 0 ? Infinity : Math.round(1000 / mix.harmfulPerMille)
  return (n, sentAt) => {
    const harmful = n % every === every - 1
    const accountId = harmful ? `harmful-${run}-${n}` : `acc-${rank()}`
    const texts = harmful ? mix.harmful : mix.texts
    const value = JSON.stringify({
      messageId: `${run}-${n}`,
      accountId,
      visibility: 'public',
      sentAt: new Date(sentAt).toISOString(),
      text: texts[n % texts.length],
      account: { displayName: `Account ${accountId}`, kind: 'individual', followers: 1200, verified: false },
    })
    return { key: accountId, value: Buffer.from(value) }
  }
}
