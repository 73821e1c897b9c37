import { countNames, endOfString } from './count-names.js'

/** On an object in whose text a name was given more than once: what `JSON.parse` forgets. Never enumerable. */
const REPEATED = Symbol('weir:repeated')

/** A name that was given again later, and what it had been given before. */
export type RepeatedMember = readonly [name: string, value: unknown]

/**
 * `JSON.parse`, except that an object which gives one name twice remembers the earlier values too: see `repeatedIn`.
 * Linear, and without recursion. @throws SyntaxError
 */
export function parseKeepingRepeated(text: string): unknown {
  const value: unknown = JSON.parse(text)
  const names = countNames(text)
  return names === 0 || names === countMembers(value) ? value : parseSlowly(text)
}

/** The members of an object that it gave again later; none for anything else. */
export function repeatedIn(node: unknown): readonly RepeatedMember[] {
  if (typeof node !== 'object' || node === null) return []
  return (node as { [REPEATED]?: RepeatedMember[] })[REPEATED] ?? []
}

/** The place of a name that is given twice, as a JSON Pointer (RFC 6901); undefined where there is none. */
export function repeatedName(value: unknown): string | undefined {
  const frames: Frame[] = [frameOf([value])]
  for (let frame; (frame = frames.at(-1));) {
    if (frame.next === frame.items.length) {
      frames.pop()
      continue
    }
    const item = frame.items[frame.next++]
    if (typeof item !== 'object' || item === null) continue
    frames.push(frameOf(item))
    const [twice] = repeatedIn(item)
    if (twice) return [...frames.slice(1, -1).map(nameOfCurrent), twice[0]].map(step).join('')
  }
  return undefined
}

interface Frame {
  readonly names: readonly string[] | undefined
  readonly items: readonly unknown[]
  next: number
}

function frameOf(node: object): Frame {
  if (Array.isArray(node)) return { names: undefined, items: node as unknown[], next: 0 }
  return { names: Object.keys(node), items: Object.values(node), next: 0 }
}

function nameOfCurrent({ names, next }: Frame): string {
  return names?.[next - 1] ?? String(next - 1)
}

function step(name: string): string {
  return `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
}

function countMembers(value: unknown): number {
  let members = 0
  const frames: Frame[] = [frameOf([value])]
  for (let frame; (frame = frames.at(-1));) {
    if (frame.next === frame.items.length) {
      frames.pop()
      continue
    }
    const item = frame.items[frame.next++]
    if (typeof item !== 'object' || item === null) continue
    const below = frameOf(item)
    members += below.names?.length ?? 0
    if (below.items.length > 0) frames.push(below)
  }
  return members
}

/** An object or list that is not at its end yet. `name`: of the member whose value comes next. */
interface Open {
  readonly node: object
  name: string | undefined
}

const END_OF_LITERAL = /[,\]}\s]|$/g

/** For text that is JSON. */
function parseSlowly(text: string): unknown {
  const result: unknown[] = []
  const open: Open[] = [{ node: result, name: undefined }]
  for (let at = 0; at < text.length;) {
    const top = open.at(-1)!
    switch (text[at]!) {
      case '{':
      case '[': {
        const node = text[at] === '{' ? {} : []
        put(top, node)
        open.push({ node, name: undefined })
        at++
        break
      }
      case '}':
      case ']':
        open.pop()
        at++
        break
      case '"': {
        const end = endOfString(text, at) + 1
        const string = stringAt(text, at, end)
        at = end
        if (Array.isArray(top.node) || top.name !== undefined) put(top, string)
        else top.name = string
        break
      }
      case ',':
      case ':':
      case ' ':
      case '\n':
      case '\r':
      case '\t':
        at++
        break
      default: {
        END_OF_LITERAL.lastIndex = at
        const end = END_OF_LITERAL.exec(text)!.index
        put(top, JSON.parse(text.slice(at, end)))
        at = end
      }
    }
  }
  return result[0]
}

function stringAt(text: string, from: number, to: number): string {
  const inside = text.slice(from + 1, to - 1)
  return inside.includes('\\') ? (JSON.parse(text.slice(from, to)) as string) : inside
}

function put(open: Open, value: unknown): void {
  const { node, name } = open
  if (Array.isArray(node)) {
    node.push(value)
    return
  }
  open.name = undefined
  if (Object.hasOwn(node, name!)) remember(node, [name!, (node as Record<string, unknown>)[name!]])
  if (name !== '__proto__') (node as Record<string, unknown>)[name!] = value
  // An assignment would set something else.
  else Object.defineProperty(node, name, { value, writable: true, enumerable: true, configurable: true })
}

function remember(node: object, member: RepeatedMember): void {
  const known = (node as { [REPEATED]?: RepeatedMember[] })[REPEATED]
  if (known) known.push(member)
  else Object.defineProperty(node, REPEATED, { value: [member] })
}
