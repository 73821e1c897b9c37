import { describe, expect, it } from 'vitest'
import { pageLanguage } from './page-language.js'

describe('the language of a page', () => {
  it.each([
    ['zh', 'en', 'zh'],
    [undefined, 'zh-CN,zh;q=0.9,en;q=0.8', 'zh'],
    [undefined, 'fr;q=1, en;q=0.2, zh;q=0.5', 'zh'],
    [undefined, 'zh;q=0, en;q=0.1', 'en'],
    [undefined, 'fr', 'en'],
    [undefined, undefined, 'en'],
    [['zh', 'en'], ';;;,q=', 'en'],
    ['EN-gb', 'zh', 'en'],
  ])('asked for %s by a browser that likes %s is %s', (asked, accepted, language) => {
    expect(pageLanguage(asked, accepted)).toBe(language)
  })
})
