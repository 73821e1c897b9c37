import { setTimeout as sleep } from 'node:timers/promises'
import type { ServiceProcess } from '#libs/testing/service-process'

const LOOK_MS = 20
const WITHIN_MS = 1_000

/** How one instance was stopped and came back. */
export interface WatchedRestart {
  readonly service: string
  readonly port: number
  /** When it got SIGTERM. */
  readonly from: number
  /** From SIGTERM to its end, milliseconds. */
  readonly stoppedInMs: number
  readonly exitCode: number | null | undefined
  /** How often it said that it was not ready, before it was gone. */
  readonly unready: number
  /** Whether it said that it was ready after it had said that it was not. */
  readonly wavered: boolean
  /** From its start until it was ready, milliseconds. */
  readonly readyInMs: number
}

/** SIGTERM, its end, and a new start on the same port, while its readiness is looked at. */
export async function restartWatched(service: ServiceProcess): Promise<WatchedRestart> {
  const ended = new AbortController()
  const watching = statusesUntil(ended.signal, `${service.url}/health/ready`)
  const from = Date.now()
  await service.stop()
  const stoppedInMs = Date.now() - from
  const { exitCode } = service
  ended.abort()
  const statuses = await watching
  const startedAt = Date.now()
  await service.restart()
  const first = statuses.indexOf(503)
  return {
    service: service.name,
    port: service.port,
    from,
    stoppedInMs,
    exitCode,
    unready: statuses.filter((status) => status === 503).length,
    wavered: first >= 0 && statuses.slice(first).includes(200),
    readyInMs: Date.now() - startedAt,
  }
}

/** What it answered, look after look; no answer is left out. */
async function statusesUntil(ended: AbortSignal, url: string): Promise<number[]> {
  const statuses: number[] = []
  while (!ended.aborted) {
    const status = await fetch(url, { signal: AbortSignal.timeout(WITHIN_MS) }).then(
      async (response) => {
        await response.body?.cancel()
        return response.status
      },
      () => undefined,
    )
    if (status !== undefined) statuses.push(status)
    await sleep(LOOK_MS)
  }
  return statuses
}
