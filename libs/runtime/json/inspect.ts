import { PermanentError } from '../errors.js'

/** Keys by which JSON could reach the prototype of what it is copied into. */
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype'])

/** A JSON Pointer (RFC 6901). */
function pointer(path: readonly (string | number)[]): string {
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

/**
 * Walks parsed JSON once: removes object members that are `null` (they count as absent), in place, and refuses what no
 * reader should meet. The outermost object or list has depth 1. Does not recurse deeper than the limit.
 * `operators: 'refused'` also refuses keys that begin with `$`, as the database's operators do. Returns how many members the
 * objects had, nulls included.
 * @throws PermanentError `too-deep`, or `schema` for a key named `__proto__`, `constructor` or `prototype`
 */
export function inspect(value: unknown, { maxDepth = 64, operators = 'kept' }: InspectOptions = {}): number {
  const limits = { maxDepth, operators }
  return typeof value === 'object' && value !== null ? walk(value, 1, limits, []) : 0
}

export interface InspectOptions {
  maxDepth?: number
  operators?: 'kept' | 'refused'
}

function walk(
  node: object,
  depth: number,
  limits: Required<InspectOptions>,
  path: (string | number)[],
): number {
  const { maxDepth, operators } = limits
  if (depth > maxDepth) {
    throw new PermanentError('too-deep', `The value is nested deeper than ${maxDepth} levels.`, pointer(path))
  }
  let count = 0
  if (Array.isArray(node)) {
    for (let i = 0; i < node.length; i++) {
      const item: unknown = node[i]
      if (typeof item !== 'object' || item === null) continue
      path.push(i)
      count += walk(item, depth + 1, limits, path)
      path.pop()
    }
    return count
  }
  const members = node as Record<string, unknown>
  for (const key of Object.keys(members)) {
    if (FORBIDDEN.has(key) || (operators === 'refused' && key.startsWith('$'))) {
      path.push(key)
      throw new PermanentError('schema', `A key may not be named ${key}.`, pointer(path))
    }
    count++
    const member = members[key]
    if (member === null) delete members[key]
    else if (typeof member === 'object') {
      path.push(key)
      count += walk(member, depth + 1, limits, path)
      path.pop()
    }
  }
  return count
}
