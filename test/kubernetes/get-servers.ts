import { createHash } from 'node:crypto'
import { readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { cached } from '#libs/testing/fetch-cache'
import { projectRoot } from '#libs/testing/project-root'
import { runNeededTool } from '#libs/testing/run-tool'

/** A Go module that only pins: `go.mod` names the programs as tools, `go.sum` holds every hash. */
const MODULE = join(projectRoot, 'test/kubernetes/servers')
const PACKAGES = [
  'k8s.io/kubernetes/cmd/kube-apiserver',
  'k8s.io/kubernetes/cmd/kubectl',
  'go.etcd.io/etcd/server/v3',
]
const MISSING = 'Go is not on the PATH and is needed to build an API server: install Go 1.26 or newer.'

/** The programs of a control plane without controllers, and its client, which brings kustomize. */
export interface Servers {
  readonly apiServer: string
  readonly etcd: string
  readonly kubectl: string
}

/**
 * Builds them from the Go module proxy where the cache has none of these versions: once, for some ten minutes of one core.
 * @throws StackError `tool-missing` without Go, `tool-failed`
 */
export async function getServers(log: (line: string) => void): Promise<Servers> {
  const pins = await Promise.all(['go.mod', 'go.sum'].map((name) => readFile(join(MODULE, name))))
  const hash = createHash('sha256').update(Buffer.concat(pins)).digest('hex').slice(0, 12)
  const folder = await cached(`kubernetes-servers-${hash}`, async (target) => {
    log('building kube-apiserver, kubectl and etcd, once: some ten minutes')
    // One package at a time and at low priority: it is to be possible to work beside it.
    const build = [
      'go',
      'build',
      '-p',
      '1',
      '-trimpath',
      '-ldflags',
      '-s -w',
      '-o',
      `${target}/`,
      ...PACKAGES,
    ]
    await runNeededTool('nice', ['-n', '19', ...build], MISSING, {
      cwd: MODULE,
      env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' },
    })
    await rename(join(target, 'server'), join(target, 'etcd'))
  })
  return {
    apiServer: join(folder, 'kube-apiserver'),
    etcd: join(folder, 'etcd'),
    kubectl: join(folder, 'kubectl'),
  }
}
