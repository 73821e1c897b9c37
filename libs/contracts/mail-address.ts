import { domainToASCII } from 'node:url'

/** RFC 5321's dot-string: no quoting, comments or lists, which mail software reads in differing ways. */
const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
const LOCAL = `(?=[^@]{1,64}@)${ATOM}(?:\\.${ATOM})*`
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?'
/** Begins with a letter, so that no number passes for a domain. */
const LAST = '[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?'

/** An e-mail address of somebody outside, its domain in ASCII with a dot: mail can be sent to whatever this takes. */
export const MAIL_ADDRESS = `^(?=.{1,254}$)${LOCAL}@(?:${LABEL}\\.)+${LAST}$`
/** The same inside, where a domain may be one word. */
const DELIVERABLE = new RegExp(`^(?=.{1,254}$)${LOCAL}@(?:${LABEL}\\.)*${LAST}$`)

/** The address as it stands in the envelope, with its domain in ASCII, or null where no mail can be sent to it. */
export function mailAddress(address: string): string | null {
  if (address.length > 512) return null
  const at = address.lastIndexOf('@')
  const ascii = `${address.slice(0, at)}@${domainToASCII(address.slice(at + 1))}`
  return DELIVERABLE.test(ascii) ? ascii : null
}
