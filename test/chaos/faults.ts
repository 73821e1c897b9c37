import { clusterFaults } from './cluster-faults.js'
import type { Fault } from './fault.js'
import { inputFaults } from './input-faults.js'
import { serverFaults } from './server-faults.js'
import { serviceFaults } from './service-faults.js'

/** Every kind of fault there is. */
export const FAULTS: readonly Fault[] = [...serviceFaults, ...serverFaults, ...inputFaults, ...clusterFaults]
