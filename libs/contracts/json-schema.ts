import { getMetadataStorage } from 'class-validator'
import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js'
import { targetConstructorToSchema, validationMetadatasToSchemas } from 'class-validator-jsonschema'
import { CONTENT_MARK, contentRule } from './content-rule.js'
import { FIELD_RULES, type FieldSchema } from './fields.js'

/** A class of this folder: what an event or request looks like. */
export type ContractClass<T extends object = object> = new () => T

interface Definition {
  properties?: Record<string, Record<string, unknown>>
  [key: string]: unknown
}

const converters = Object.fromEntries(
  FIELD_RULES.map((name) => [
    name,
    (meta: { constraints?: unknown[] }) => meta.constraints?.[0] as FieldSchema,
  ]),
)

const options = {
  classTransformerMetadataStorage: defaultMetadataStorage as unknown as NonNullable<
    Parameters<typeof targetConstructorToSchema>[1]
  >['classTransformerMetadataStorage'],
  classValidatorMetadataStorage: getMetadataStorage(),
  additionalConverters: { ...converters, holdsContent: () => CONTENT_MARK },
  refPointerPrefix: '#/definitions/',
}

/**
 * The JSON Schema (draft-07) of a contract class, its nested classes under `definitions`.
 * `closed` adds `additionalProperties: false` to every class, which lets Ajv drop the fields nobody knows.
 * Throws an Error where a class that it refers to has no rules, or shares its name with another.
 */
export function schemaOf(type: ContractClass, { closed = false } = {}): Record<string, unknown> {
  const known = validationMetadatasToSchemas(options) as Record<string, Definition>
  const root = targetConstructorToSchema(type, options) as Definition
  const definitions: Record<string, Definition> = {}
  assertOnlyOne(type.name)
  const finish = (definition: Definition): Definition => {
    for (const reference of referencesIn(definition)) {
      const found = known[reference]
      if (!found) throw new Error(`contract class ${reference} is referred to but has no rules`)
      if (!definitions[reference]) {
        assertOnlyOne(reference)
        definitions[reference] = found
        definitions[reference] = finish(found)
      }
    }
    return {
      ...definition,
      ...contentRule(definition.properties ?? {}),
      ...(closed ? { additionalProperties: false } : {}),
    }
  }
  const finished = finish(root)
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: type.name,
    ...finished,
    ...(Object.keys(definitions).length > 0 ? { definitions } : {}),
  }
}

/** Schemas are known by the names of their classes: those of two classes of one name would be merged into one. */
function assertOnlyOne(name: string): void {
  const { validationMetadatas: ruled } = getMetadataStorage() as unknown as {
    validationMetadatas: ReadonlyMap<ContractClass, unknown>
  }
  const { length } = [...ruled.keys()].filter((type) => type.name === name)
  if (length > 1)
    throw new Error(`${length} contract classes are called ${name}: each needs a name of its own`)
}

function referencesIn(definition: Definition): string[] {
  const text = JSON.stringify(definition)
  return [...text.matchAll(/"\$ref":"#\/definitions\/([A-Za-z]+)"/g)].map((match) => match[1]!)
}
