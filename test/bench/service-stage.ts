import type { ServiceProcess } from '#libs/testing/service-process'
import type { Stage } from './hop.js'

/** A service as a stage: it counts the records of `topic` (for platforms' topics the pattern) in its metrics. */
export function serviceStage(service: ServiceProcess, topic: string): Stage {
  return {
    name: service.name,
    get pid() {
      return service.pid
    },
    handled: async () => {
      const metrics = await (await fetch(`${service.url}/metrics`)).text()
      const line = metrics
        .split('\n')
        .find((one) => one.startsWith(`weir_records_consumed_total{topic="${topic}"`))
      return line === undefined ? 0 : Number(line.slice(line.lastIndexOf(' ') + 1))
    },
  }
}
