import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { propertyRuns } from '#libs/testing/property-runs.fixture'
import { hostileText } from './hostile-text.fixture.js'
import { html } from './html.js'

describe('HTML', () => {
  it('lets no value be anything but text', () => {
    fc.assert(
      fc.property(hostileText, (value) => {
        const { text } = html`<p title="${value}">${value}</p>`
        expect(text).toMatch(/^<p title="[^"<>]*">[^"'<>]*<\/p>$/)
        expect(Buffer.from(text, 'utf8').toString('utf8')).toBe(text)
      }),
      { numRuns: propertyRuns() },
    )
    expect(html`${[html`<b>${'<'}</b>`, html`<i></i>`]}${null}${7}`.text).toBe('<b>&lt;</b><i></i>7')
  })
})
