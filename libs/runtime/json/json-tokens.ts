/** What stands next in JSON text: `other` is `false` or `null`; `broken` that it is no JSON; `done` that it was. */
export type JsonToken =
  'begin-object' | 'begin-list' | 'end' | 'name' | 'string' | 'number' | 'true' | 'other' | 'done' | 'broken'

/** What the grammar allows next. */
type Expected = 'value' | 'value-or-end' | 'name' | 'name-or-end' | 'comma-or-end' | 'nothing'

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a]
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d]
const [BLANK, TAB, LINE_FEED, RETURN] = [0x20, 0x09, 0x0a, 0x0d]
const [T, F, N] = [0x74, 0x66, 0x6e]
const PLAIN = /[^"\\\x00-\x1f]*/y
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y

/**
 * Reads JSON text token by token and takes it exactly where `JSON.parse` does (RFC 8259), but builds nothing, throws nothing and does not
 * recurse: a fraction of the work on text that is made to be costly. Linear.
 */
export class JsonTokens {
  /** Where the latest `name` or `string` begins, its quotes included. */
  start = 0
  /** Where it ends. */
  end = 0
  /** Of the objects and lists that are open, which are objects. */
  private readonly open: boolean[] = []
  private expected: Expected = 'value'

  constructor(
    private readonly text: string,
    private at = 0,
  ) {}

  /** The next token. After `broken` there is none to ask for. */
  next(): JsonToken {
    let unit = this.nextUnit()
    if (this.expected === 'comma-or-end') {
      if (unit === CLOSE_OBJECT || unit === CLOSE_LIST) return this.close(unit)
      if (unit !== COMMA) return 'broken'
      this.at++
      this.expected = this.open.at(-1) ? 'name' : 'value'
      unit = this.nextUnit()
    }
    switch (this.expected) {
      case 'nothing':
        return this.at === this.text.length ? 'done' : 'broken'
      case 'name-or-end':
        return unit === CLOSE_OBJECT ? this.close(unit) : this.name(unit)
      case 'name':
        return this.name(unit)
      case 'value-or-end':
        return unit === CLOSE_LIST ? this.close(unit) : this.value(unit)
      default:
        return this.value(unit)
    }
  }

  private nextUnit(): number {
    for (; ; this.at++) {
      const unit = this.text.charCodeAt(this.at)
      if (unit !== BLANK && unit !== LINE_FEED && unit !== RETURN && unit !== TAB) return unit
    }
  }

  private name(unit: number): JsonToken {
    if (unit !== QUOTE || !this.takeString() || this.nextUnit() !== COLON) return 'broken'
    this.at++
    this.expected = 'value'
    return 'name'
  }

  private value(unit: number): JsonToken {
    switch (unit) {
      case OPEN_OBJECT:
        this.at++
        this.open.push(true)
        this.expected = 'name-or-end'
        return 'begin-object'
      case OPEN_LIST:
        this.at++
        this.open.push(false)
        this.expected = 'value-or-end'
        return 'begin-list'
      case QUOTE:
        if (!this.takeString()) return 'broken'
        this.afterValue()
        return 'string'
      case T:
        return this.word('true', 'true')
      case F:
        return this.word('false', 'other')
      case N:
        return this.word('null', 'other')
      default:
        return this.number()
    }
  }

  private word(word: string, token: JsonToken): JsonToken {
    if (!this.text.startsWith(word, this.at)) return 'broken'
    this.at += word.length
    this.afterValue()
    return token
  }

  private number(): JsonToken {
    NUMBER.lastIndex = this.at
    if (!NUMBER.test(this.text)) return 'broken'
    this.at = NUMBER.lastIndex
    this.afterValue()
    return 'number'
  }

  private close(unit: number): JsonToken {
    if (this.open.pop() !== (unit === CLOSE_OBJECT)) return 'broken'
    this.at++
    this.afterValue()
    return 'end'
  }

  private afterValue(): void {
    this.expected = this.open.length === 0 ? 'nothing' : 'comma-or-end'
  }

  private takeString(): boolean {
    this.start = this.at
    for (this.at++; ;) {
      PLAIN.lastIndex = this.at
      PLAIN.test(this.text)
      this.at = PLAIN.lastIndex
      const unit = this.text.charCodeAt(this.at)
      if (unit === QUOTE) {
        this.end = ++this.at
        return true
      }
      ESCAPE.lastIndex = this.at
      if (unit !== BACKSLASH || !ESCAPE.test(this.text)) return false
      this.at = ESCAPE.lastIndex
    }
  }
}
