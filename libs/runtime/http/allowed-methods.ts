import type { FastifyInstance } from 'fastify'
import { Problem } from './problem.js'

/** The methods of each route pattern; `:name` in a pattern stands for any one segment. */
export class AllowedMethods {
  private readonly patterns = new Map<string, Set<string>>()

  add(pattern: string, methods: readonly string[]): void {
    const known = this.patterns.get(pattern) ?? new Set()
    for (const method of methods) known.add(method)
    this.patterns.set(pattern, known)
  }

  /** The methods that the route with the most literal pattern for this path knows, sorted; none where there is no route. */
  of(path: string): string[] {
    const found = [...this.patterns.keys()].filter((pattern) => fits(pattern, path))
    const closest = found.sort((a, b) => parametersIn(a) - parametersIn(b))[0]
    return closest === undefined ? [] : [...this.patterns.get(closest)!].sort()
  }
}

function fits(pattern: string, path: string): boolean {
  const [parts, asked] = [pattern.split('/'), path.split('/')]
  return (
    parts.length === asked.length &&
    parts.every((part, i) => (part.startsWith(':') ? asked[i] !== '' : part === asked[i]))
  )
}

function parametersIn(pattern: string): number {
  return pattern.split('/:').length - 1
}

/** Answers 405 with `Allow` where the path is known and the method is not (RFC 9110, section 15.5.6). */
export function refuseUnknownMethods(fastify: FastifyInstance): void {
  const allowed = new AllowedMethods()
  fastify.addHook('onRoute', ({ url, method }) => allowed.add(url, [method].flat()))
  fastify.addHook('onRequest', (request, reply, done) => {
    const methods = request.is404 ? allowed.of(request.url.split('?')[0]!) : []
    if (methods.length === 0) return done()
    void reply.header('allow', methods.join(', '))
    done(new Problem(405, 'method-not-allowed', 'This method is not known here.'))
  })
}
