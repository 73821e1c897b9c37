import { type ArgumentMetadata, Injectable, type ValidationError, ValidationPipe } from '@nestjs/common'
import { getMetadataStorage } from 'class-validator'
import { inspect } from '../json/inspect.js'
import { badRequest, type FieldProblem } from './problem.js'

/** No request of ours nests deeper: a message has at most 8 levels, in a list in an object. */
export const MAX_DEPTH = 16
/** What Weir alone sets. In a body whose class has no such field it is an attempt at more than the caller may. */
const SET_BY_WEIR = ['status', 'state', 'level', 'points', 'strikes', 'measures', 'roles', 'approvedBy']
/** Names in a query are plain words; `state[$ne]` is an attempt at an operator, and ignoring it would widen the list. */
const QUERY_NAME = /^[A-Za-z][A-Za-z0-9_-]*$/
/** More than a person reads. */
const MAX_ERRORS = 50

/**
 * Checks what came in against the class that a handler declares for it, request and contract classes alike: unknown
 * fields are dropped, `null` counts as absent, nothing is converted. Fields that only Weir sets, operators of the
 * database and odd names in a query are refused. Throws a 400 `invalid-request` that names every offending field; no body
 * at all is one without fields. A parameter declared `unknown` is handed over as it came.
 */
@Injectable()
export class RequestPipe extends ValidationPipe {
  constructor() {
    super({
      transform: true,
      whitelist: true,
      forbidUnknownValues: true,
      transformOptions: { exposeDefaultValues: true, enableImplicitConversion: false },
      exceptionFactory: (errors) => invalidRequest(fieldProblems(errors)),
    })
  }

  override async transform(given: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (!isDeclared(metadata)) return given
    const value = metadata.type === 'body' ? (given ?? {}) : given
    inspect(value, { maxDepth: MAX_DEPTH, operators: 'refused' })
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw invalidRequest([{ path: '', reason: 'must be a JSON object' }])
    }
    const problems = metadata.type === 'query' ? oddNames(value) : notTheirs(value, metadata.metatype)
    if (problems.length > 0) throw invalidRequest(problems)
    return (await super.transform(value, metadata)) as unknown
  }
}

function oddNames(query: object): FieldProblem[] {
  return Object.keys(query)
    .filter((name) => !QUERY_NAME.test(name))
    .slice(0, MAX_ERRORS)
    .map((name) => ({ path: pointerTo(name), reason: 'is no name of a parameter' }))
}

function notTheirs(body: object, type: ArgumentMetadata['metatype']): FieldProblem[] {
  const rules = getMetadataStorage().getTargetValidationMetadatas(type!, '', false, false)
  const declared = new Set(rules.map(({ propertyName }) => propertyName))
  return SET_BY_WEIR.filter((name) => Object.hasOwn(body, name) && !declared.has(name)).map((name) => ({
    path: pointerTo(name),
    reason: 'is set by Weir alone',
  }))
}

/** The step to a field of this name in a JSON Pointer (RFC 6901). */
function pointerTo(name: string): string {
  return `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
}

const BUILT_IN: readonly unknown[] = [String, Boolean, Number, Array, Object, Buffer, Date]

/** Whether the handler declares a class of ours; `@Param('id') id: string` and the like are not. */
function isDeclared({ metatype, type }: ArgumentMetadata): boolean {
  return metatype !== undefined && type !== 'custom' && !BUILT_IN.includes(metatype)
}

function invalidRequest(errors: readonly FieldProblem[]) {
  return badRequest('invalid-request', 'Some fields are not as they should be.', errors)
}

/** The offending fields, as JSON Pointers (RFC 6901) into what was sent. */
export function fieldProblems(errors: readonly ValidationError[], above = ''): FieldProblem[] {
  return errors
    .flatMap((error) => {
      const path = above + pointerTo(error.property)
      const own = Object.values(error.constraints ?? {}).map((reason) => ({ path, reason }))
      return [...own, ...fieldProblems(error.children ?? [], path)]
    })
    .slice(0, MAX_ERRORS)
}
