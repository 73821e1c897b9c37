import { CST, Lexer } from 'yaml'

/** What YAML may hold before it is parsed: a parser takes long over much of it, and longer over what is odd. */
export interface YamlBounds {
  /** Scalars, marks, comments, blanks and line ends in all. */
  readonly maxTokens: number
  /** Lists and maps in brackets, or begun on one line, in one another. */
  readonly maxDepth: number
}

/** What an escape in a quoted text costs a parser, in tokens. */
const ESCAPE_TOKENS = 4

/** Why a text is not parsed. */
export type YamlExcess = 'tags' | 'aliases' | 'directives' | 'too-deep' | 'too-many-nodes'

/**
 * Says why a text should not be parsed, or undefined. Splits it into tokens only, which takes time for its length; ends at
 * the first reason. What is no YAML is for the parser to say.
 */
export function yamlExcessOf(text: string, { maxTokens, maxDepth }: YamlBounds): YamlExcess | undefined {
  let tokens = 0
  let brackets = 0
  let onLine = 0
  for (const token of new Lexer().lex(text)) {
    const type = CST.tokenType(token)
    switch (type) {
      case 'tag':
        return 'tags'
      case 'anchor':
      case 'alias':
        return 'aliases'
      case 'directive-line':
        return 'directives'
      case 'flow-seq-start':
      case 'flow-map-start':
        if (++brackets > maxDepth) return 'too-deep'
        break
      case 'flow-seq-end':
      case 'flow-map-end':
        brackets = Math.max(0, brackets - 1)
        break
      case 'seq-item-ind':
      case 'explicit-key-ind':
      case 'map-value-ind':
        if (brackets === 0 && ++onLine > maxDepth) return 'too-deep'
        break
      case 'newline':
        onLine = 0
        break
      case 'double-quoted-scalar':
        tokens += ESCAPE_TOKENS * (token.split('\\').length - 1)
        break
      default:
    }
    if (++tokens > maxTokens) return 'too-many-nodes'
  }
  return undefined
}
