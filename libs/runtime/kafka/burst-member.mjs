import { createServer } from 'vite'

const conditions = ['source', 'module', 'node', 'import', 'default']
const server = await createServer({
  server: { middlewareMode: true, hmr: false, watch: null, ws: false },
  appType: 'custom',
  logLevel: 'error',
  optimizeDeps: { noDiscovery: true },
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
})
const { runMember } = await server.ssrLoadModule('/libs/runtime/kafka/burst-member.fixture.ts')
await runMember()
