import type { DiscoveryService } from '@nestjs/core'
import { MetadataScanner } from '@nestjs/core'

/** The service is put together wrongly: it must not start. The message names every fault. */
export class WiringError extends Error {
  override readonly name = 'WiringError'
  readonly slug = 'bad-wiring'
}

/** A method that was declared for something by a decorator, bound to its instance. */
export interface DeclaredMethod<T> {
  /** As `Class.method`. */
  readonly name: string
  readonly declared: T
  readonly call: (...args: unknown[]) => unknown
}

/** Every provider and controller of the service, each once. */
export function instancesOf(discovery: DiscoveryService): object[] {
  const instances = new Set<object>()
  for (const { instance } of [...discovery.getProviders(), ...discovery.getControllers()]) {
    if (typeof instance === 'object' && instance !== null) instances.add(instance as object)
  }
  return [...instances]
}

/**
 * The methods of providers and controllers that `read` finds something declared for. They are called directly: the wrappers of
 * Nest hide failures.
 */
export function declaredMethods<T>(
  discovery: DiscoveryService,
  read: (method: object) => T | undefined,
): DeclaredMethod<T>[] {
  const scanner = new MetadataScanner()
  return instancesOf(discovery).flatMap((instance) => {
    const prototype = Object.getPrototypeOf(instance) as Record<string, unknown> | null
    if (!prototype) return []
    return scanner.getAllMethodNames(prototype).flatMap((method): DeclaredMethod<T>[] => {
      const found = prototype[method]
      if (typeof found !== 'function') return []
      const declared = read(found)
      if (declared === undefined) return []
      const call = (found as DeclaredMethod<T>['call']).bind(instance)
      return [{ name: `${instance.constructor.name}.${method}`, declared, call }]
    })
  })
}
