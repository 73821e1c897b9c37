import 'reflect-metadata'
import { SERVICES, type ServiceName } from '#libs/contracts/catalogue'
import { defaultPort, ServiceEnv, settingsOf } from '#libs/runtime/env'
import { ClassificationEnv } from '../apps/classification/config.js'
import { EnforcementEnv } from '../apps/enforcement/config.js'
import { IngestionEnv } from '../apps/ingestion/config.js'
import { NotificationEnv } from '../apps/notification/config.js'

/** Where the page is kept, from the project's root. */
export const CONFIGURATION_PAGE = 'docs/configuration.md'

const ENVS: Readonly<Record<ServiceName, new () => ServiceEnv>> = {
  ingestion: IngestionEnv,
  classification: ClassificationEnv,
  enforcement: EnforcementEnv,
  notification: NotificationEnv,
}

type Row = ReturnType<typeof settingsOf>[number]

function shown(value: unknown): string {
  switch (typeof value) {
    case 'boolean':
      return value ? '`1`' : '`0`'
    case 'number':
    case 'string':
      return value === '' ? 'empty' : `\`${value}\``
    default:
      return 'none'
  }
}

/** A vertical bar would end the cell. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

function table(rows: readonly Row[]): string {
  const lines = rows.map(
    ({ name, description, value }) => `| \`${name}\` | ${shown(value)} | ${cell(description)} |`,
  )
  return ['| variable | default | what for |', '|---|---|---|', ...lines].join('\n')
}

function sectionOf(service: ServiceName, common: ReadonlySet<string>): string {
  const own = settingsOf(ENVS[service]).filter(({ name }) => !common.has(name))
  const port = `Listens on ${defaultPort(service)} unless \`PORT\` says otherwise.`
  return [`## ${service}`, port, ...(own.length > 0 ? [table(own)] : [])].join('\n\n')
}

/** `docs/configuration.md`: every setting of every service, made from the classes that check them at start. */
export function configurationPage(): string {
  const common = settingsOf(ServiceEnv)
  const names = new Set(common.map(({ name }) => name))
  return (
    [
      '# Configuration',
      'Every setting of every service, with its default, for those who run them.',
      'All settings are environment variables, checked at start: a service with a wrong one names it and does not start. ' +
        'A variable that is set to nothing counts as not set. This page is made by `npm run generate`.',
      '## Every service',
      table(common),
      ...SERVICES.map((service) => sectionOf(service, names)),
    ].join('\n\n') + '\n'
  )
}
