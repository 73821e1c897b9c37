/** Something wrong (`error`: cannot be published) or doubtful (`warning`) in the text of a policy. */
export interface PolicyIssue {
  grade: 'error' | 'warning'
  /** Stable, for machines. */
  slug: string
  /** JSON Pointer into the document; empty for the whole. */
  path: string
  /** From 1; 0 where the document was not read from text. */
  line: number
  /** A sentence for people. */
  reason: string
}

/** Where something stands in the document. */
export type DocumentPath = readonly (string | number)[]

/** RFC 6901. */
export function pointerTo(path: DocumentPath): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
