import { SERVICES } from '#libs/contracts/catalogue'
import type { WeirSystem } from '../harness/weir-system.js'

const WITHIN_MS = 2_000

/**
 * Of each instance what Kubernetes would be told of its life, and the consumers that lag: a line each. For when something does
 * not go on: a service that says it is not alive would be started again there, one that says it is would not.
 */
export async function tellServices(system: WeirSystem): Promise<string[]> {
  return Promise.all(
    SERVICES.flatMap((name) => system.instancesOf(name)).map(async ({ name, url }) => {
      const [live, metrics] = await Promise.all([textOf(`${url}/health/live`), textOf(`${url}/metrics`)])
      return [name, live, ...laggingIn(metrics)].join('  ')
    }),
  )
}

/** The lines of `weir_consumer_lag_seconds` that say more than a second. */
export function laggingIn(metrics: string): string[] {
  return metrics
    .split('\n')
    .filter((line) => line.startsWith('weir_consumer_lag_seconds{') && Number(line.split(' ').at(-1)) > 1)
}

async function textOf(url: string): Promise<string> {
  try {
    return await (await fetch(url, { signal: AbortSignal.timeout(WITHIN_MS) })).text()
  } catch (error) {
    return String(error)
  }
}
