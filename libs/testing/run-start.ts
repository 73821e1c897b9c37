import 'reflect-metadata'
import { join } from 'node:path'
import { SERVICES } from '#libs/contracts/catalogue'
import { applyTopics } from './apply-topics.js'
import { localDir, startDefaultStack } from './default-stack.js'
import { needPort } from './free-port.js'
import { localServiceEnv } from './local-service-env.js'
import { runInForeground } from './run-in-foreground.js'
import { builtFile, startService } from './service-process.js'
import { StackError } from './stack-error.js'

/** SPEC section 3: 7401 to 7404 in the order of the catalogue. */
const FIRST_PORT = 7401

const logFile = (name: string) => join(localDir, `${name}.log`)

/** `npm start`: the local stack and the four services, until Ctrl-C; their logs are beside the data. */
await runInForeground(async (fail) => {
  for (const name of SERVICES) builtFile(`apps/${name}/main.js`)
  await Promise.all(SERVICES.map((name, index) => needPort(FIRST_PORT + index, name, 'end that one first')))
  const stack = await startDefaultStack(fail)
  const env = localServiceEnv(stack)
  await applyTopics(env)
  const services = await Promise.all(
    SERVICES.map((name, index) =>
      startService(name, { ...env, PORT: String(FIRST_PORT + index) }, { logFile: logFile(name) }),
    ),
  )
  for (const { name, onUnexpectedEnd } of services) {
    onUnexpectedEnd(({ slug, message }) =>
      fail(new StackError(slug, `${message} Its log is ${logFile(name)}.`)),
    )
  }
  // Standard output is for the one line that scripts wait for.
  for (const { name, url } of services) console.error(`${name}: ${url}/docs, log ${logFile(name)}`)
  console.log('weir ready')
  return async () => {
    await Promise.all(services.map((service) => service.stop()))
    await stack.stop()
  }
})
