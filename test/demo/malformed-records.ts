/** A record that ingestion must refuse, and the slug of the reason (SPEC 4.1). */
export interface MalformedRecord {
  readonly what: string
  readonly slug: string
  readonly bytes: Buffer
}

/** Ten kinds; `number` makes each its own. */
export function malformedRecords(number: number): MalformedRecord[] {
  const good = {
    messageId: `bad-${number}`,
    accountId: 'en-001',
    visibility: 'public',
    sentAt: '2026-11-24T07:00:00Z',
    text: `Not a good record ${number}`,
  }
  const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
  const deep: unknown = JSON.parse(`${'{"a":'.repeat(12)}1${'}'.repeat(12)}`)
  return [
    { what: 'not UTF-8', slug: 'not-utf8', bytes: Buffer.from([0xff, 0xfe, 0x41, number]) },
    { what: 'not JSON', slug: 'not-json', bytes: Buffer.from(`{"messageId":"bad-${number}`) },
    { what: 'empty', slug: 'not-json', bytes: Buffer.alloc(0) },
    { what: 'too large', slug: 'too-large', bytes: json({ ...good, pad: 'x'.repeat(300_000) }) },
    { what: 'too deep', slug: 'too-deep', bytes: json({ ...good, deep }) },
    { what: 'wrong type', slug: 'schema', bytes: json({ ...good, text: 7 }) },
    {
      what: 'fields missing',
      slug: 'schema',
      bytes: json({ messageId: good.messageId, visibility: 'public' }),
    },
    { what: 'bad id', slug: 'schema', bytes: json({ ...good, messageId: 'not an id' }) },
    { what: 'an array', slug: 'schema', bytes: json([good]) },
    {
      what: 'a __proto__ key',
      slug: 'schema',
      bytes: Buffer.from(JSON.stringify(good).replace('{', '{"__proto__":{"admin":true},')),
    },
  ]
}
