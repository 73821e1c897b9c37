import { parseArgs } from 'node:util'
import { HURRIED, type Pace } from './plan-faults.js'
import { isSabotage, SABOTAGES, type SabotageName } from './sabotage.js'

export interface ChaosOptions {
  readonly seed: number
  readonly minutes: number
  readonly recordsPerSecond: number
  /** Three brokers and three mongods instead of one each. */
  readonly cluster: boolean
  /** Of each service. */
  readonly instances: number
  /** Where the figures are written as JSON. */
  readonly json: string | undefined
  /** A safeguard to be broken, so that the oracle has something to find. */
  readonly sabotage: SabotageName | undefined
  /** Only these kinds of fault; all where empty. */
  readonly only: readonly string[]
  /** Ends when each kind of fault has come so often, if that is before the minutes are over. */
  readonly rounds?: number
  readonly pace?: Pace
}

export const USAGE = `npm run chaos -- [--seed N] [--minutes M] [--records-per-second R] [--short] [--only KIND,…] [--cluster] [--instances N] [--json FILE] [--sabotage NAME]
  --seed N                the run to repeat (default 1)
  --minutes M             how long faults are injected (default 5)
  --records-per-second R  input (default 600; in a cluster 200)
  --short                 each kind of fault once, hurried, in at most 20 minutes; input 150
  --only KIND,…           only these kinds of fault
  --cluster               three brokers and three mongods, leaders killed
  --instances N           of each service (default 1)
  --json FILE             writes the figures to FILE too
  --sabotage NAME         breaks a safeguard of the services, and must end with complaints: ${Object.keys(SABOTAGES).join(', ')}`

/** @throws TypeError that names the argument which is none */
export function parseOptions(args: string[]): ChaosOptions {
  const { values } = parseArgs({
    args,
    options: {
      seed: { type: 'string', default: '1' },
      minutes: { type: 'string' },
      short: { type: 'boolean', default: false },
      'records-per-second': { type: 'string' },
      only: { type: 'string', default: '' },
      cluster: { type: 'boolean', default: false },
      instances: { type: 'string', default: '1' },
      json: { type: 'string' },
      sabotage: { type: 'string' },
    },
  })
  const { cluster, json, sabotage, short } = values
  if (sabotage !== undefined && !isSabotage(sabotage))
    throw new TypeError(`--sabotage is "${sabotage}"; it can be ${Object.keys(SABOTAGES).join(', ')}`)
  return {
    seed: whole('seed', values.seed),
    minutes: positive('minutes', values.minutes ?? (short ? '20' : '5')),
    recordsPerSecond: positive(
      'records-per-second',
      values['records-per-second'] ?? (short ? '150' : cluster ? '200' : '600'),
    ),
    cluster,
    instances: whole('instances', values.instances),
    json,
    sabotage,
    only: values.only.split(',').filter((kind) => kind !== ''),
    ...(short ? { rounds: 1, pace: HURRIED } : {}),
  }
}

function whole(name: string, text: string): number {
  const value = positive(name, text)
  if (Number.isInteger(value)) return value
  throw new TypeError(`--${name} is "${text}"; it must be a whole number`)
}

function positive(name: string, text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && value > 0 && Number.isFinite(value)) return value
  throw new TypeError(`--${name} is "${text}"; it must be a number above 0`)
}
