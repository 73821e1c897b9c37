import { lookup, type LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { isPublicAddress } from './webhook-url.rules.js'

/** A host that stands, at least in part, for addresses that we do not call. */
export class ForbiddenAddressError extends Error {
  override readonly name = 'ForbiddenAddressError'
  readonly slug = 'forbidden-address'
}

/** How a name is looked up; replaced in tests. */
export type ResolveAll = (
  host: string,
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

const systemResolve: ResolveAll = (host, done) => lookup(host, { all: true }, done)

/**
 * A look-up for sockets that fails with a ForbiddenAddressError unless every address of the host is public. The socket
 * connects to the very addresses that were judged, so a name that changes its answer (DNS rebinding) gains nothing.
 */
export function publicOnlyLookup(resolve: ResolveAll = systemResolve): LookupFunction {
  return (host, options, done) => {
    resolve(host, (error, addresses) => {
      const first = addresses?.[0]
      if (error || first === undefined) return done(error ?? notFound(host), [])
      if (!addresses.every(({ address }) => isPublicAddress(address))) {
        return done(new ForbiddenAddressError('The host stands for an address that is not public.'), [])
      }
      if (options.all) done(null, addresses)
      else done(null, first.address, first.family)
    })
  }
}

function notFound(host: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${host} has no address`), { code: 'ENOTFOUND' })
}
