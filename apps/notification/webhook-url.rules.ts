import ipaddr from 'ipaddr.js'
import { domainToUnicode } from 'node:url'

/** Public by its range, yet the metadata and DNS service of a cloud: Azure's wire server. */
const METADATA_ADDRESSES: ReadonlySet<string> = new Set(['168.63.129.16'])
/** The only part of IPv6 that is handed out for use on the internet (IANA registry "IPv6 Global Unicast"). */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3')

/**
 * Whether an IP address is one that the public internet routes. Loopback, private, link-local (cloud metadata),
 * carrier-grade NAT, multicast, reserved and every form of IPv4 inside IPv6 but the plain mapped one are not.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.process(address)
  if (parsed.range() !== 'unicast' || METADATA_ADDRESSES.has(parsed.toString())) return false
  return parsed instanceof ipaddr.IPv4 || parsed.match(GLOBAL_UNICAST)
}

/** Why a URL cannot be a webhook, as a slug. */
export type UrlRefusal =
  | 'not-a-url'
  | 'not-https'
  | 'has-credentials'
  | 'has-fragment'
  | 'too-long'
  | 'odd-host'
  | 'forbidden-address'

const MAX_URL_LENGTH = 2_048
/** What stands between the scheme and the path of a URL that is written out, credentials aside. */
const AUTHORITY = /^[a-z]+:\/\/([^/?#\\\s]+)(?:[/?#]|$)/i
const LOCAL_NAMES = /(^|\.)(localhost|local|internal|localdomain)\.?$/

/**
 * Judges a webhook's URL by itself, without a look-up; null when it may be used. The host as written must be the one that is
 * connected to: the URL parser turns hexadecimal, octal and short numbers into addresses, wide letters into others, and
 * drops blanks, so that who reads the URL would be told something else.
 */
export function refuseWebhookUrl(text: string, allowPrivate: boolean): UrlRefusal | null {
  if (text.length > MAX_URL_LENGTH) return 'too-long'
  const url = URL.parse(text)
  if (!url) return 'not-a-url'
  if (url.protocol !== 'https:' && !(allowPrivate && url.protocol === 'http:')) return 'not-https'
  if (url.username !== '' || url.password !== '') return 'has-credentials'
  if (url.hash !== '') return 'has-fragment'
  if (!allowPrivate && isInside(url)) return 'forbidden-address'
  return isHostAsWritten(text, url) ? null : 'odd-host'
}

function isInside(url: URL): boolean {
  const address = literalAddress(url)
  return (address !== null && !isPublicAddress(address)) || LOCAL_NAMES.test(url.hostname)
}

/** Case aside, and whether a name of other letters is written in them or in ASCII; an IPv6 address may be written longer. */
function isHostAsWritten(text: string, url: URL): boolean {
  const written = AUTHORITY.exec(text)?.[1]?.replace(/:\d*$/, '').toLowerCase()
  if (written === undefined || url.hostname.endsWith('.')) return false
  if (url.hostname.startsWith('['))
    return ipaddr.IPv6.isValid(written.slice(1, -1)) && canonicalIp(written) === canonicalIp(url.hostname)
  return written === url.hostname || written.normalize('NFC') === domainToUnicode(url.hostname)
}

function canonicalIp(host: string): string {
  return ipaddr.IPv6.parse(host.slice(1, -1)).toNormalizedString()
}

/** The IP address that a URL names as its host, or null where the host is a name. */
export function literalAddress(url: URL): string | null {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return ipaddr.isValid(host) ? host : null
}
