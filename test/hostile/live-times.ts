import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { platformTopicName, SERVICES, type ServiceName } from '#libs/contracts/catalogue'
import { rawRequest } from '../harness/raw-request.js'
import { WeirSystem } from '../harness/weir-system.js'
import { type HostileBytes, hostileBytes } from './hostile-bytes.js'
import { hostileTexts } from './hostile-texts.js'

/** The worst answer time of `/health/live` of one service while one kind of hostile input was handled. */
export interface LiveTime {
  readonly service: ServiceName
  readonly door: string
  readonly kind: string
  readonly milliseconds: number
}

/** What the broker takes in one record, with its key and headers. */
const RECORD_BYTES = 1_000_000
/** Of each kind at once: as much as a fetch brings, and more. */
const RECORDS = 4
const BODIES = 3
const IDLE_MS = 3_000
const PLATFORM = 'p1'

/** Where a service takes bodies, how large ours are, and from whom it takes them. */
const ROUTES: Record<
  ServiceName,
  { method: string; path: string; bytes: number; role: 'platform' | 'admin' }
> = {
  ingestion: { method: 'POST', path: '/v1/messages', bytes: 4_000_000, role: 'platform' },
  classification: { method: 'POST', path: '/v1/classify', bytes: 4_000_000, role: 'platform' },
  enforcement: { method: 'POST', path: '/v1/platforms', bytes: 262_000, role: 'admin' },
  notification: { method: 'PUT', path: `/v1/webhooks/${PLATFORM}`, bytes: 262_000, role: 'admin' },
}

/** Starts everything, and sends each service what it would rather not have. */
export async function liveTimes(say: (line: string) => void, every: number): Promise<LiveTime[]> {
  const some = <T>(kinds: readonly T[]): T[] => kinds.filter((_kind, i) => i % every === 0)
  // What a platform has sent too much of is to be handled all the same here, not held back.
  const system = await WeirSystem.start({ DEAD_LETTER_KIB_PER_MINUTE: '10000000' })
  const probes = SERVICES.map((name) => [name, new Probe(system.services[name].url)] as const)
  const times: LiveTime[] = []
  const watch = async (door: string, kind: string, work: () => Promise<unknown>): Promise<void> => {
    for (const [, probe] of probes) await probe.take()
    await work()
    for (const [service, probe] of probes)
      times.push({ service, door, kind, milliseconds: await probe.take() })
    say(
      `${door}: ${kind}: ${times
        .slice(-SERVICES.length)
        .map((one) => one.milliseconds.toFixed(0))
        .join(' ')}`,
    )
  }
  try {
    await system.register(PLATFORM)
    await watch('none', 'nothing', () => sleep(IDLE_MS))
    for (const kind of ['messages', 'receipts'] as const) {
      for (const one of some(hostileBytes(RECORD_BYTES)))
        await watch(kind, one.name, () => records(system, kind, one))
    }
    for (const length of [20_000, 250_000]) {
      for (const one of some(hostileTexts(length)))
        await watch(`texts of ${length}`, one.name, () => messages(system, one))
    }
    for (const service of SERVICES) {
      for (const one of some(bodiesFor(service)))
        await watch(`body to ${service}`, one.name, () => bodies(system, service, one))
    }
    return times
  } finally {
    await Promise.all(probes.map(([, probe]) => probe.end()))
    await system.stop()
  }
}

async function records(
  system: WeirSystem,
  kind: 'messages' | 'receipts',
  { bytes }: HostileBytes,
): Promise<void> {
  const topic = platformTopicName(kind, PLATFORM)
  const key = String(Math.random())
  for (let i = 0; i < RECORDS; i++) await system.produce(topic, [{ key, value: bytes }])
  await system.caughtUp([PLATFORM])
}

let sent = 0

function messageOf({ text, links }: { text: string; links?: readonly string[] }): object {
  return {
    messageId: `m-${++sent}`,
    accountId: `acc-${sent % 3}`,
    visibility: 'public',
    sentAt: '2026-11-24T07:00:00Z',
    text: text.slice(0, 250_000 / (Buffer.byteLength(text) / text.length)),
    ...(links ? { links } : {}),
  }
}

async function messages(system: WeirSystem, one: { text: string; links?: readonly string[] }): Promise<void> {
  for (let i = 0; i < RECORDS; i++) {
    const few = Array.from({ length: one.text.length > 20_000 ? 1 : 10 }, () => ({
      key: 'acc',
      value: messageOf(one),
    }))
    for (const record of few) await system.produce(platformTopicName('messages', PLATFORM), [record])
  }
  await system.caughtUp([PLATFORM])
}

/** A body, made when it is sent: all of them together would take gigabytes. */
interface HostileBody {
  readonly name: string
  readonly make: () => Buffer
}

/** Hostile bytes as the whole body, and for lists of messages as many of them as it takes. */
function bodiesFor(service: ServiceName): HostileBody[] {
  const { bytes } = ROUTES[service]
  const plain = hostileBytes(bytes).map((one): HostileBody => ({ name: one.name, make: () => one.bytes }))
  if (bytes < 1_000_000) return plain
  const most = service === 'ingestion' ? 500 : 100
  const lists = hostileTexts(20_000).map(({ name, ...one }) => ({
    name: `a list of ${name}`,
    make: () => Buffer.from(JSON.stringify({ messages: Array.from({ length: most }, () => messageOf(one)) })),
  }))
  return [...plain, ...lists]
}

async function bodies(system: WeirSystem, service: ServiceName, { make }: HostileBody): Promise<void> {
  const { method, path, role } = ROUTES[service]
  const body = make()
  const token = await system.token({ roles: [role], platform: PLATFORM })
  const asked = Array.from({ length: BODIES }, () =>
    rawRequest(system.services[service].url, { method, path, token, body }).catch(() => undefined),
  )
  await Promise.all(asked)
}

/** Asks one service for its liveness all the time. */
class Probe {
  private readonly worker: Worker

  constructor(url: string) {
    this.worker = new Worker(new URL('./probe-worker.js', import.meta.url), { workerData: { url } })
  }

  /** The worst answer time in milliseconds since this was asked last. */
  take(): Promise<number> {
    // An error of the worker nobody listens for: it ends this process, which says why.
    return new Promise((resolve) => {
      this.worker.once('message', resolve)
      this.worker.postMessage('take')
    })
  }

  async end(): Promise<void> {
    await this.worker.terminate()
  }
}
