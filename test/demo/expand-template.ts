const CHOICE = /\{([^{}]*)\}/g

/** The texts that a template with choices `{a|b}` stands for, all choices combined, `most` at most. */
export function expandTemplate(template: string, most: number): string[] {
  const choices = [...template.matchAll(CHOICE)].map(([, inner]) => inner!.split('|'))
  const all = choices.reduce((product, options) => product * options.length, 1)
  return Array.from({ length: Math.min(all, most) }, (_, n) => {
    let rest = n
    let at = 0
    return template.replace(CHOICE, () => {
      const options = choices[at++]!
      const option = options[rest % options.length]!
      rest = Math.floor(rest / options.length)
      return option
    })
  })
}
