import ipaddr from 'ipaddr.js'

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
  'not-a-url' | 'not-https' | 'has-credentials' | 'has-fragment' | 'too-long' | 'forbidden-address'

const MAX_URL_LENGTH = 2_048
const LOCAL_NAMES = /(^|\.)(localhost|local|internal|localdomain)\.?$/

/**
 * Judges a webhook's URL by itself, without a look-up; null when it may be used. Addresses written as numbers count in
 * every notation, because the URL parser turns them all (decimal, octal, hexadecimal) into dotted ones.
 */
export function refuseWebhookUrl(text: string, allowPrivate: boolean): UrlRefusal | null {
  if (text.length > MAX_URL_LENGTH) return 'too-long'
  const url = URL.parse(text)
  if (!url) return 'not-a-url'
  if (url.protocol !== 'https:' && !(allowPrivate && url.protocol === 'http:')) return 'not-https'
  if (url.username !== '' || url.password !== '') return 'has-credentials'
  if (url.hash !== '') return 'has-fragment'
  if (allowPrivate) return null
  const address = literalAddress(url)
  if (address !== null && !isPublicAddress(address)) return 'forbidden-address'
  return LOCAL_NAMES.test(url.hostname) ? 'forbidden-address' : null
}

/** The IP address that a URL names as its host, or null where the host is a name. */
export function literalAddress(url: URL): string | null {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return ipaddr.isValid(host) ? host : null
}
