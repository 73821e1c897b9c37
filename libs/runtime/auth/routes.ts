import { RequestMethod, type Type, VERSION_NEUTRAL } from '@nestjs/common'
import { METHOD_METADATA, PATH_METADATA, VERSION_METADATA } from '@nestjs/common/constants.js'
import { DiscoveryService, MetadataScanner } from '@nestjs/core'
import { Injectable, type OnModuleInit } from '@nestjs/common'
import { PUBLIC_KEY, ROLES_KEY } from './roles.decorator.js'
import type { Role } from './roles.js'

/** One HTTP route and who may call it; `'public'` is everybody. */
export interface GuardedRoute {
  readonly method: string
  /** With its parameters as `:name`. */
  readonly path: string
  readonly access: 'public' | readonly Role[]
}

/** A route says neither who may call it nor that everybody may. */
export class UnguardedRouteError extends Error {
  override readonly name = 'UnguardedRouteError'
  readonly slug = 'unguarded-route'
}

type Handler = (...args: unknown[]) => unknown

/** The routes of this service. It does not start while one of them does not say who may call it. */
@Injectable()
export class Routes implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  onModuleInit(): void {
    this.list()
  }

  /** Every route with its access. Throws an UnguardedRouteError that names each route without. */
  list(): GuardedRoute[] {
    const routes: GuardedRoute[] = []
    const unguarded: string[] = []
    for (const { instance, metatype } of this.discovery.getControllers()) {
      if (!instance || !metatype) continue
      for (const { handler, access, ...route } of routesOf(metatype as Type, this.scanner)) {
        if (access === undefined) unguarded.push(`${metatype.name}.${handler}`)
        else routes.push({ ...route, access })
      }
    }
    if (unguarded.length > 0) {
      throw new UnguardedRouteError(`${unguarded.join(', ')}: mark each with @Roles(…) or @Public()`)
    }
    return routes
  }
}

/** A route as its controller declares it, by the name of its method; `access` is undefined where nothing says who may call it. */
export interface DeclaredRoute extends Omit<GuardedRoute, 'access'> {
  readonly handler: string
  readonly access: GuardedRoute['access'] | undefined
}

/** The routes that a controller class declares; nothing of it is instantiated. */
export function routesOf(controller: Type, scanner = new MetadataScanner()): DeclaredRoute[] {
  const prototype = controller.prototype as Record<string, Handler>
  return scanner.getAllMethodNames(prototype).flatMap((name) => {
    const handler = prototype[name]!
    if (Reflect.getMetadata(PATH_METADATA, handler) === undefined) return []
    const access = accessOf(handler, controller)
    return pathsOf(handler, controller).map((path) => ({
      handler: name,
      method: methodOf(handler),
      path,
      access,
    }))
  })
}

/** What the nearer mark says, the method's before the class's. */
export function accessOf(handler: object, type: object): GuardedRoute['access'] | undefined {
  for (const target of [handler, type]) {
    if (Reflect.getMetadata(PUBLIC_KEY, target) === true) return 'public'
    const roles = Reflect.getMetadata(ROLES_KEY, target) as Role[] | undefined
    if (roles) return roles
  }
  return undefined
}

function methodOf(handler: Handler): string {
  return RequestMethod[Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod]
}

function pathsOf(handler: Handler, type: object): string[] {
  const version: unknown =
    Reflect.getMetadata(VERSION_METADATA, handler) ?? Reflect.getMetadata(VERSION_METADATA, type)
  const prefix = version === VERSION_NEUTRAL ? '' : 'v1'
  const list = (target: object) => [Reflect.getMetadata(PATH_METADATA, target) as string | string[]].flat()
  return list(type).flatMap((above) =>
    list(handler).map((below) => `/${[prefix, above, below].join('/').split('/').filter(Boolean).join('/')}`),
  )
}
