import { constants } from 'node:os'

/**
 * Loaded before all else in the image (`node --import`). Process 1 of a container is not ended by a signal that it does not handle:
 * a service that is still loading, and `weir`, would run on until they are killed. Steps back once somebody else handles it.
 */
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (process.listenerCount(signal) === 1) process.exit(128 + constants.signals[signal])
  })
}
