import { registerDecorator, type ValidationArguments } from 'class-validator'
import type { FieldSchema } from './fields.js'

/** A message says something in at least one of these, unless it was deleted (SPEC 4.1). */
const CARRIERS = ['text', 'media', 'links'] as const

/** Whether a message-like object holds content, or need not. */
function holdsContent(message: Record<string, unknown>): boolean {
  if (message['change'] === 'deleted') return true
  return CARRIERS.some((carrier) => message[carrier] !== undefined && message[carrier] !== null)
}

/** On one required field of a class: at least one of `text`, `media`, `links` must be there, unless `change` is `deleted`. */
export function HoldsContent(): PropertyDecorator {
  return (target, property) => {
    registerDecorator({
      name: 'holdsContent',
      target: target.constructor,
      propertyName: String(property),
      validator: {
        validate: (_value: unknown, args?: ValidationArguments) =>
          holdsContent((args?.object ?? {}) as Record<string, unknown>),
        defaultMessage: () => 'one of text, media, links must be there unless change is deleted',
      },
    })
  }
}

/** Stands in the schema of the field that carries the rule, until `contentRule` takes it out. */
export const CONTENT_MARK = { holdsContent: true } as const

/** The same rule as a piece of JSON Schema, for the properties of a class that carries or inherits it. */
export function contentRule(properties: Record<string, Record<string, unknown>>): FieldSchema {
  const marked = Object.values(properties).find((field) => field['holdsContent'] === true)
  if (!marked) return {}
  delete marked['holdsContent']
  return {
    anyOf: [
      ...CARRIERS.map((carrier) => ({ required: [carrier] })),
      { required: ['change'], properties: { change: { const: 'deleted' } } },
    ],
  }
}
