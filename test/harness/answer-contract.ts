import { type ApiDocument, type Route, routesOf, SchemaCheck } from '../openapi/api-document.js'

/** An answer of a service to `method path`. */
export interface GivenAnswer {
  readonly method: string
  readonly path: string
  readonly status: number
  readonly type: string
  readonly body: unknown
}

/** What a service says that it answers. */
export class AnswerContract {
  private readonly routes: (Route & { pattern: RegExp; names: number })[]
  private readonly check: SchemaCheck

  constructor(document: ApiDocument) {
    this.check = new SchemaCheck(document)
    // The most literal pattern first: `/decisions/bulk` before `/decisions/{id}`.
    this.routes = routesOf(document)
      .map((route) => ({ ...route, pattern: patternOf(route.path), names: route.path.split('{').length }))
      .sort((a, b) => a.names - b.names)
  }

  /** Reads the document of the running service at `url`; undefined where nobody is there to be asked. */
  static async of(url: string): Promise<AnswerContract | undefined> {
    const response = await fetch(`${url}/openapi.json`).catch(() => undefined)
    if (!response) return undefined
    if (!response.ok) throw new Error(`${url}/openapi.json answered ${response.status}`)
    return new AnswerContract((await response.json()) as ApiDocument)
  }

  /** What of an answer is not as it is documented; nothing for a route that there is not. */
  problems({ method, path, status, type, body }: GivenAnswer): string[] {
    const [pathname] = path.split('?')
    const found = this.routes.find((route) => route.method === method && route.pattern.test(pathname!))
    if (!found) return []
    const answer = found.operation.responses?.[status]
    if (!answer) return [`${status} is not documented`]
    if (!answer.content) return body === undefined ? [] : [`${status} is documented without a body`]
    const media = answer.content[type.split(';')[0]!]
    if (!media?.schema) return [`${status} is not documented as ${type}`]
    return this.check.problems(media.schema, body)
  }
}

function patternOf(path: string): RegExp {
  const literal = path.split(/\{\w+\}/).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${literal.join('[^/]+')}$`)
}
