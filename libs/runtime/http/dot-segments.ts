/**
 * Ids that are `.` or `..` in the paths of requests. A client takes such a part out of a path before it sends it, also where it
 * is written `%2E` (URL Standard, "double-dot path segment"). So the dots are written `%252E`: no id can hold a `%`, and what is
 * read from it can be nothing else.
 */
const DOTS = /\/(?:%252e){1,2}(?=[/?#]|$)/gi

/** A part of a path that stands for an id, for links that a client follows. */
export function pathSegment(id: string): string {
  return id === '.' || id === '..' ? id.replaceAll('.', '%252E') : encodeURIComponent(id)
}

/** The path and query of a request in which parts that are dots are written as servers read them. */
export function readDotSegments(url: string): string {
  if (!url.includes('/%252')) return url
  const query = url.indexOf('?')
  const path = query < 0 ? url : url.slice(0, query)
  return path.replace(DOTS, (dots) => dots.replaceAll('%25', '%')) + url.slice(path.length)
}
