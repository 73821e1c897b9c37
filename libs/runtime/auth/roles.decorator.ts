import { SetMetadata } from '@nestjs/common'
import type { Role } from './roles.js'

export const ROLES_KEY = 'weir:roles'
export const PUBLIC_KEY = 'weir:public'

/** The route is for callers who hold one of these roles. */
export function Roles(first: Role, ...others: Role[]): MethodDecorator & ClassDecorator {
  return SetMetadata(ROLES_KEY, [first, ...others])
}

/** The route needs no token. A token that is sent along is still checked. */
export function Public(): MethodDecorator & ClassDecorator {
  return SetMetadata(PUBLIC_KEY, true)
}
