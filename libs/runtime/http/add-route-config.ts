import { RouteConfig } from '@nestjs/platform-fastify'

const CONFIG = Symbol('weir:route-config')

/** Sets a part of a route's config; Nest's own decorator forgets the parts that others set before. */
export function addRouteConfig(part: object): MethodDecorator {
  return (target, property, descriptor) => {
    const handler = descriptor.value as object
    const config = { ...(Reflect.getMetadata(CONFIG, handler) as object | undefined), ...part }
    Reflect.defineMetadata(CONFIG, config, handler)
    RouteConfig(config)(target, property, descriptor)
  }
}
