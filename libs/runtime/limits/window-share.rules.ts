/** What an instance of a service knows of the others. */
export interface Company {
  /** Live instances of the service, this one included. */
  readonly instances: number
  /** Whether each of them knows of every other: only then may it let something pass without asking. */
  readonly settled: boolean
  /** Whether the database can be asked. */
  readonly reachable: boolean
}

/** Of a limit, the part that instances let pass without asking, all together. */
const UNASKED_SHARE = 0.2
/** Of what can be leased, an instance leases at first so much of its even part, so that little is left over in the wrong hands. */
const FIRST_SLICE = 0.1
/** Later it leases so much of what it has used: few calls, and what it leases in vain stays in proportion. */
const GROWTH = 0.25

/** What an instance lets pass in a window without asking, so that callers far below the limit cost no call. */
export function unaskedShare(limit: number, { instances, settled }: Company): number {
  return settled ? evenUnasked(limit, instances) : 0
}

/**
 * What all instances may lease in a window, together. With what they let pass unasked it comes to the limit where there is one
 * or where a caller is bound to one of two, and to between 0.9 and 1.1 of it for any number and any spread.
 */
export function leasable(limit: number, { instances }: Company): number {
  return limit - Math.ceil(instances / 2) * evenUnasked(limit, instances)
}

/** What an instance lets pass in a window while the database cannot be asked; 1 at least, so that nobody is refused altogether. */
export function evenShare(limit: number, { instances }: Company): number {
  return Math.max(1, Math.floor(limit / instances))
}

/** How much an instance leases at once, having used so much of the window. */
export function sliceOf(limit: number, company: Company, used: number): number {
  const first = Math.floor((leasable(limit, company) * FIRST_SLICE) / company.instances)
  return Math.max(1, first, Math.floor(used * GROWTH))
}

/** How much of `asked` was leased, `total` being what all have asked for in this window by then. */
export function grantedOf(asked: number, total: number, limit: number, company: Company): number {
  return Math.min(asked, Math.max(0, leasable(limit, company) - (total - asked)))
}

function evenUnasked(limit: number, instances: number): number {
  return Math.floor((limit * UNASKED_SHARE) / instances)
}
