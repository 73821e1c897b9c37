const format = (locale: string): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat(locale, {
    dateStyle: 'long',
    timeStyle: 'short',
    timeZone: 'UTC',
    hourCycle: 'h23',
  })
/** Made once: making one takes longer than writing a thousand instants. */
const FORMATS = { zh: format('zh-CN'), en: format('en-GB') } as const

/** An instant as a person reads it in Chinese or English, to the minute, in UTC and saying so. */
export function writeInstant(at: Date, language: keyof typeof FORMATS): string {
  return `${FORMATS[language].format(at)} UTC`
}
