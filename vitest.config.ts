import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/longest-first.ts'

/** Servers that the user names are one for all, and specs that share them must not run at a time. */
const workers = process.env.KAFKA_BROKERS || process.env.MONGODB_URI ? 1 : 2

const conditions = ['source', 'module', 'node', 'import', 'default']

/** Suffix says the kind: `.spec` is pure, `.int.spec` one service on real Kafka and MongoDB, `.e2e.spec` all four processes. */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ['source'] } },
  test: {
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './test/summary-reporter.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          testTimeout: 60_000,
          sequence: { groupOrder: 0 },
          maxWorkers: 2,
          include: ['{apps,libs,test}/**/*.spec.ts'],
          exclude: ['**/*.{int,e2e}.spec.ts', 'dist/**', 'node_modules/**'],
        },
      },
      {
        extends: true,
        test: {
          name: 'int',
          sequence: { groupOrder: 1 },
          maxWorkers: workers,
          include: ['{apps,libs}/**/*.int.spec.ts'],
          testTimeout: 120_000,
          hookTimeout: 240_000,
          globalSetup: ['./libs/testing/vitest-stack.ts'],
          setupFiles: ['./libs/testing/vitest-worker.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          sequence: { groupOrder: 2 },
          maxWorkers: workers,
          include: ['test/**/*.e2e.spec.ts'],
          testTimeout: 400_000,
          hookTimeout: 400_000,
        },
      },
    ],
  },
})
