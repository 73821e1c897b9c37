import { registerDecorator, type ValidationArguments } from 'class-validator'
import type { FieldSchema } from './fields.js'

/** A message says something in at least one of these, unless it was deleted (SPEC 4.1). */
const CARRIERS = ['text', 'media', 'links'] as const

const owners = new Set<string>()

/** Whether a message-like object holds content, or need not. */
export function holdsContent(message: Record<string, unknown>): boolean {
  if (message['change'] === 'deleted') return true
  return CARRIERS.some((carrier) => message[carrier] !== undefined && message[carrier] !== null)
}

/** On one required field of a class: at least one of `text`, `media`, `links` must be there, unless `change` is `deleted`. */
export function HoldsContent(): PropertyDecorator {
  return (target, property) => {
    owners.add(target.constructor.name)
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

/** The same rule as a piece of JSON Schema for the classes that carry it. */
export function contentRule(className: string): FieldSchema {
  if (!owners.has(className)) return {}
  return {
    anyOf: [
      ...CARRIERS.map((carrier) => ({ required: [carrier] })),
      { required: ['change'], properties: { change: { const: 'deleted' } } },
    ],
  }
}
