import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'

const EVERY_MS = 20
/** What is still not answered by then counts as that long. */
const GIVE_UP_MS = 30_000

const { url } = workerData as { url: string }
let worst = 0

/** Asks without end; in a thread of its own, so that what is being sent does not make the answers look late. */
async function ask(): Promise<void> {
  for (;;) {
    const began = performance.now()
    try {
      await (await fetch(`${url}/health/live`, { signal: AbortSignal.timeout(GIVE_UP_MS) })).text()
    } catch {
      await sleep(EVERY_MS)
    }
    worst = Math.max(worst, performance.now() - began)
    await sleep(EVERY_MS)
  }
}

parentPort!.on('message', () => {
  parentPort!.postMessage(worst)
  worst = 0
})
void ask()
