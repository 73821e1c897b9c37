import { setTimeout as sleep } from 'node:timers/promises'
import { SERVICES } from '#libs/contracts/catalogue'
import { type Fault, pick } from './fault.js'

/** The group gives a silent member up after so long; the shortest that a broker allows. */
export const SESSION_MS = 6_000

const kills = SERVICES.map((name): Fault => ({
  kind: `kill-${name}`,
  async inject({ system }, random) {
    const service = pick(system.instancesOf(name), random)
    service.kill('SIGKILL')
    return () => service.restart()
  },
}))

/** Where it is alone, nobody takes its partitions over, and it finds out that its session has ended. */
const pause: Fault = {
  kind: 'service-pause',
  leastMs: SESSION_MS + 2_000,
  async inject({ system }, random) {
    const service = pick(system.instancesOf(pick(SERVICES, random)), random)
    service.kill('SIGSTOP')
    return async () => service.kill('SIGCONT')
  },
}

/** Another instance has taken its partitions over by the time it wakes up and goes on with what it was doing. */
const zombie: Fault = {
  kind: 'service-zombie',
  leastMs: SESSION_MS + 4_000,
  async inject({ system }, random) {
    const name = pick(SERVICES, random)
    const service = pick(system.instancesOf(name), random)
    const other = await system.startAnother(name)
    await sleep(random() * 1_000)
    service.kill('SIGSTOP')
    return async () => {
      service.kill('SIGCONT')
      await sleep(1_000 + random() * 2_000)
      await other.stop()
    }
  },
}

const killOneOfTwo: Fault = {
  kind: 'service-kill-one-of-two',
  async inject({ system }, random) {
    const name = pick(SERVICES, random)
    const first = pick(system.instancesOf(name), random)
    const second = await system.startAnother(name)
    await sleep(random() * 2_000)
    const victim = pick([first, second], random)
    victim.kill('SIGKILL')
    return async () => {
      if (victim === first) await first.restart()
      await second.stop()
    }
  },
}

const rollingRestart: Fault = {
  kind: 'rolling-restart',
  async inject({ system }) {
    for (const name of SERVICES) for (const one of system.instancesOf(name)) await one.restart()
    return () => Promise.resolve()
  },
}

/** What happens to processes of Weir itself. */
export const serviceFaults: readonly Fault[] = [...kills, pause, zombie, killOneOfTwo, rollingRestart]
