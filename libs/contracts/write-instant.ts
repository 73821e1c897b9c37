/** An instant as a person reads it in Chinese or English, to the minute, in UTC and saying so. */
export function writeInstant(at: Date, language: 'zh' | 'en'): string {
  const format = new Intl.DateTimeFormat(language === 'zh' ? 'zh-CN' : 'en-GB', {
    dateStyle: 'long',
    timeStyle: 'short',
    timeZone: 'UTC',
    hourCycle: 'h23',
  })
  return `${format.format(at)} UTC`
}
