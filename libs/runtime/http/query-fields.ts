import { Transform } from 'class-transformer'
import { Flag, Int } from '#libs/contracts/fields'

/** Texts of a query string are turned into what a field is, explicitly; bodies are never converted. */
function converted(convert: (text: string) => unknown, check: PropertyDecorator): PropertyDecorator {
  const transform = Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? convert(value) : value,
  )
  return (target, property) => {
    transform(target, property)
    check(target, property)
  }
}

/** A whole number in a query string. */
export function QueryInt(min: number, max = Number.MAX_SAFE_INTEGER): PropertyDecorator {
  return converted((text) => (/^-?\d{1,16}$/.test(text) ? Number(text) : text), Int(min, max))
}

/** `true`/`1` or `false`/`0` in a query string. */
export function QueryFlag(): PropertyDecorator {
  const words: Readonly<Record<string, boolean>> = { true: true, 1: true, false: false, 0: false }
  return converted((text) => (Object.hasOwn(words, text) ? words[text] : text), Flag())
}
