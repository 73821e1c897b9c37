import type { Directive } from '#libs/contracts/directive'

/** A directive as the account ordered it. */
export interface DirectiveOrder {
  platformId: string
  directive: Directive
}

/** What the account does to an earlier directive: another one undoes it. */
export interface DirectiveChange {
  directiveId: string
  reversedBy: string
  at: Date
}
