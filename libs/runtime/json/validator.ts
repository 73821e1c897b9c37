import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import { isInstant } from '#libs/contracts/fields'
import { schemaOf, type ContractClass } from '#libs/contracts/json-schema'
import { PermanentError } from '../errors.js'

const ajv = new Ajv({
  removeAdditional: true,
  strict: true,
  strictTypes: false,
  strictRequired: false,
  formats: { 'date-time': isInstant },
})

const checks = new Map<ContractClass, (value: unknown) => void>()

/**
 * A check of parsed JSON against a contract class, compiled once: fields that nobody knows are removed, in place.
 * Nulls are to be stripped before (see `inspect`). The check throws a PermanentError `schema` that names the first
 * offending field.
 */
export function contractCheck(type: ContractClass): (value: unknown) => void {
  let check = checks.get(type)
  if (!check) {
    const validate: ValidateFunction = ajv.compile(schemaOf(type, { closed: true }))
    check = (value) => {
      if (!validate(value)) throw refusal(validate.errors?.[0])
    }
    checks.set(type, check)
  }
  return check
}

function refusal(error: ErrorObject | undefined): PermanentError {
  if (!error) return new PermanentError('schema', 'The value does not have the shape that it should have.')
  const missing = (error.params as { missingProperty?: string }).missingProperty
  const path = missing === undefined ? error.instancePath : `${error.instancePath}/${missing}`
  const reason = missing === undefined ? (error.message ?? 'is wrong') : 'is missing'
  return new PermanentError('schema', `${path === '' ? 'The value' : path} ${reason}.`, path)
}
