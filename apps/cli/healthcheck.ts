/**
 * For the image’s HEALTHCHECK: exit code 0 where the service of this container is alive, else 1. It listens on `PORT`, else on one
 * of the ports that are given, for a container holds one service. Imports nothing, so that looking costs next to nothing.
 */
const ports = process.env.PORT ? [process.env.PORT] : process.argv.slice(2)

async function isAlive(port: string): Promise<void> {
  const { ok, status } = await fetch(`http://127.0.0.1:${port}/health/live`)
  if (!ok) throw new Error(`port ${port} answers ${status}`)
}

await Promise.any(ports.map(isAlive)).then(
  () => process.exit(0),
  () => process.exit(1),
)

export {}
