import { pathToFileURL } from 'node:url'
import { SERVICES } from '#libs/contracts/catalogue'
import { defaultPort } from '#libs/runtime/env'
import { needPort } from './free-port.js'
import { localPermissions } from './local-service-env.js'
import { builtFile } from './service-process.js'
import { StackError } from './stack-error.js'

/** `npm run start:<service>`: one service in this process, on the local stack or the servers that the environment names. */
try {
  const name = SERVICES.find((service) => service === process.argv[2])
  if (!name) throw new StackError('unknown-service', `Name one service: ${SERVICES.join(', ')}.`)
  const main = builtFile(`apps/${name}/main.js`)
  // Looked at before the service joins its consumer groups: one that cannot listen takes no work from the others.
  const port = Number(process.env.PORT || defaultPort(name))
  if (port > 0 && port < 65_536) {
    await needPort(
      port,
      name,
      'end that one, or choose another port with PORT',
      process.env.HOST || undefined,
    )
  }
  // What the service reads there is its own errand.
  process.argv.splice(2)
  if (process.env.NODE_ENV !== 'production') Object.assign(process.env, localPermissions())
  await import(pathToFileURL(main).href)
} catch (error) {
  console.error(error instanceof StackError ? `weir: ${error.message}` : error)
  process.exit(1)
}
