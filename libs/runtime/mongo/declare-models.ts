import type { DynamicModule, FactoryProvider, Provider, Type } from '@nestjs/common'
import { MODULE_METADATA } from '@nestjs/common/constants.js'
import { MongooseModule } from '@nestjs/mongoose'
import type { Connection } from 'mongoose'

/**
 * Gives a connection every model that a module, or one that it imports, declares by `MongooseModule.forFeature`; nothing else of the
 * modules comes to life.
 */
export function declareModels(connection: Connection, module: Type | DynamicModule): void {
  for (const { useFactory } of modelsOf(module)) useFactory(connection)
}

function modelsOf(module: Type | DynamicModule, seen = new Set<unknown>()): FactoryProvider[] {
  if (seen.has(module)) return []
  seen.add(module)
  const given = 'module' in module ? module : undefined
  const type = given?.module ?? (module as Type)
  if (type === MongooseModule) return (given?.providers ?? []).filter(isFactory)
  const declared = (Reflect.getMetadata(MODULE_METADATA.IMPORTS, type) ?? []) as (Type | DynamicModule)[]
  const imported = [...declared, ...((given?.imports ?? []) as (Type | DynamicModule)[])]
  return imported.flatMap((one) => modelsOf(one, seen))
}

function isFactory(provider: Provider): provider is FactoryProvider {
  return 'useFactory' in provider
}
