import fc from 'fast-check'

const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  `'onmouseover='alert(1)`,
  '</blockquote></style><style>body{display:none}',
  '</textarea><form action="https://evil.example">',
  '&lt;b&gt; &amp;',
  '{{7*7}} ${7*7}',
  '\u202Egnp.exe\0\ud800',
]
/** Text that would be something else in a page that does not escape it. */
export const hostileText = fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary' }))
