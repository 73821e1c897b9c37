import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '#libs/testing/free-port'
import { spawnGuarded } from '#libs/testing/guarded-process'
import { RestartableProcess } from '#libs/testing/restartable-process'
import { runTool, type ToolResult } from '#libs/testing/run-tool'
import type { Servers } from './get-servers.js'

/** An empty cluster: its API server with admission and authorization, and nobody who acts on what is stored. */
export interface Cluster {
  /** The path of `kubectl`. */
  readonly command: string
  /** What it needs to reach this cluster. */
  readonly kubeconfig: string
  /** A scratch folder, gone when the cluster is. */
  readonly folder: string
  /** Runs kubectl as the administrator. */
  kubectl(...args: readonly string[]): Promise<ToolResult>
  stop(): Promise<void>
}

const GRACE_MS = 10_000
/** Of the administrator, on a server that only this machine reaches. */
const TOKEN = 'administrator'

/** Starts etcd and kube-apiserver on free ports of 127.0.0.1, on data of their own. @throws StackError */
export async function startCluster({ apiServer, etcd, kubectl }: Servers): Promise<Cluster> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-kubernetes-'))
  const [client, peer, secure] = [await freePort(), await freePort(), await freePort()]
  const url = `https://127.0.0.1:${secure}`
  const kubeconfig = join(folder, 'kubeconfig.json')
  await writeFile(kubeconfig, JSON.stringify(kubeconfigOf(url)))
  await writeFile(join(folder, 'tokens.csv'), `${TOKEN},administrator,administrator,system:masters\n`)
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  await writeFile(join(folder, 'accounts.key'), privateKey.export({ format: 'pem', type: 'pkcs8' }))
  await writeFile(join(folder, 'accounts.pub'), publicKey.export({ format: 'pem', type: 'spki' }))
  const run = (...args: readonly string[]): Promise<ToolResult> =>
    runTool(kubectl, ['--kubeconfig', kubeconfig, ...args], { env: { ...process.env, HOME: folder } })

  const store = new RestartableProcess({
    name: 'etcd',
    graceMs: GRACE_MS,
    launch: () => spawnGuarded(etcd, etcdFlags(folder, client, peer), { logFile: join(folder, 'etcd.log') }),
    isReady: () => answers(`http://127.0.0.1:${client}/readyz`),
  })
  const server = new RestartableProcess({
    name: 'kube-apiserver',
    graceMs: GRACE_MS,
    launch: () =>
      spawnGuarded(apiServer, apiServerFlags(folder, client, secure), { logFile: join(folder, 'api.log') }),
    isReady: async () => (await run('get', '--raw', '/readyz')).code === 0,
  })
  const stop = async (): Promise<void> => {
    await server.stop()
    await store.stop()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await store.start()
    await server.start()
  } catch (error) {
    await stop()
    throw error
  }
  return { command: kubectl, kubeconfig, folder, kubectl: run, stop }
}

function kubeconfigOf(server: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'administrator' } }],
    // The certificate is made by the server at its start.
    clusters: [{ name: 'test', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'administrator', user: { token: TOKEN } }],
  }
}

function etcdFlags(folder: string, client: number, peer: number): string[] {
  const [forClients, forPeers] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`]
  return [
    `--data-dir=${join(folder, 'etcd')}`,
    `--listen-client-urls=${forClients}`,
    `--advertise-client-urls=${forClients}`,
    `--listen-peer-urls=${forPeers}`,
    `--initial-advertise-peer-urls=${forPeers}`,
    `--initial-cluster=default=${forPeers}`,
    '--unsafe-no-fsync',
    '--log-level=warn',
  ]
}

/** The plugins of admission that are on by default judge, Pod Security and service accounts among them. */
function apiServerFlags(folder: string, client: number, secure: number): string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${client}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${secure}`,
    `--cert-dir=${join(folder, 'certificates')}`,
    `--token-auth-file=${join(folder, 'tokens.csv')}`,
    '--authorization-mode=RBAC',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-signing-key-file=${join(folder, 'accounts.key')}`,
    `--service-account-key-file=${join(folder, 'accounts.pub')}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    '--endpoint-reconciler-type=none',
    '--profiling=false',
  ]
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok
  } catch {
    return false
  }
}
