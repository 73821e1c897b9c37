import {
  Example,
  Flag,
  Instant,
  Int,
  Num,
  OneOf,
  Optional,
  Pattern,
  Shape,
  Strings,
  Text,
  WeirId,
} from '#libs/contracts/fields'
import { BANK_KINDS, type BankKind, NAME_HOLDERS } from '#libs/policy/banks/bank-entries'
import { PageQuery } from '#libs/runtime/http/paging'
import { BANK_ENTRY_STATES, type BankEntryState } from './bank-entry.js'

const EXAMPLE_ENTRY = {
  id: 'fraud/advance-fee/release-fee',
  category: 'fraud',
  score: 0.92,
  terms: ['pay the release fee', '交解冻费'],
  context: ['inheritance', '遗产'],
  exceptions: ['never pay the release fee'],
  expires: '2027-12-31',
  act: true,
}
const { id, category, score, terms, context, exceptions, expires, act } = EXAMPLE_ENTRY

/** A bank, and how many of its entries stand how. */
export class BankView {
  @Example('words') @Text(100, 1) bank!: string
  @Example('words') @OneOf(BANK_KINDS) kind!: BankKind
  /** The last version that services were told of. */
  @Example('12') @Text(40, 1) version!: string
  /** From when on it counts. */
  @Instant() effectiveFrom!: Date
  @Example(118) @Int(0) live!: number
  /** Those that lead to review only until a second person approves that they may act. */
  @Example(1) @Int(0) waiting!: number
  @Example(0) @Int(0) quarantined!: number
  @Example(3) @Int(0) removed!: number
}

/**
 * An entry as it is written: `id`, `category` and `score` for words, links and hashes; `claim` and what follows for claims; `name`, `holder` and
 * `accounts` for names.
 */
export class EntryBody {
  /** Of the signal that it gives; entries of one id are ways of saying one thing. Begins with the category. */
  @Example(id) @Text(120, 1) id!: string
  @Example(category) @Optional() @Text(60, 1) category?: string
  /** How sure a sign it is, 0 to 1. */
  @Example(score) @Optional() @Num(0, 1) score?: number
  /** Spellings of it. */
  @Example(terms) @Optional() @Strings(200, 200, 1) terms?: string[]
  /** A host, with or without a path. */
  @Example() @Optional() @Text(500, 1) pattern?: string
  /** Of a file, in small hexadecimal digits. */
  @Example() @Optional() @Pattern('^[0-9a-f]{64}$') sha256?: string
  /** A protected name. */
  @Example() @Optional() @Text(200, 1) name?: string
  /** Whom it stands for. */
  @Example() @Optional() @OneOf(NAME_HOLDERS) holder?: (typeof NAME_HOLDERS)[number]
  /** Accounts that bear it rightly, as `platform/account`. */
  @Example() @Optional() @Strings(50, 200, 1) accounts?: string[]
  /** One of these must stand near a term, or it does not count. */
  @Example(context) @Optional() @Strings(50, 200, 1) context?: string[]
  /** Within one of these a term does not count. */
  @Example(exceptions) @Optional() @Strings(50, 200, 1) exceptions?: string[]
  /** Whether a term may not go on into a longer word. */
  @Example() @Optional() @Flag() wholeWord?: boolean
  /** It needs no second sign of another kind to be acted on. */
  @Example() @Optional() @Flag() unambiguous?: boolean
  /** What is claimed, in `zh` and `en`. */
  @Example() @Optional() @Shape() claim?: Record<string, unknown>
  /** What was found, in `zh` and `en`. */
  @Example() @Optional() @Shape() finding?: Record<string, unknown>
  /** Where that can be read. */
  @Example() @Optional() @Text(500, 1) source?: string
  /** Ways of putting it: parts parted by `…` that follow each other, not far apart. */
  @Example() @Optional() @Strings(200, 500, 1) variants?: string[]
  /** A day (RFC 3339): from the day after, it counts no more. Needed for claims. */
  @Example(expires) @Optional() @Pattern('^\\d{4}-\\d{2}-\\d{2}$') expires?: string
  /** Whether it is to let the rules act, once a second person approved. */
  @Example(act) @Optional() @Flag() act?: boolean
}

/** Why an entry is set aside. */
export class QuarantineBody {
  @Example('It matches a song that everybody quotes.') @Text(10_000, 1) reasons!: string
}

/** One entry, with who did what. */
export class EntryView {
  @WeirId() entryId!: string
  @Example('words') @Text(100, 1) bank!: string
  @Example('words') @OneOf(BANK_KINDS) kind!: BankKind
  @Example('live') @OneOf(BANK_ENTRY_STATES) state!: BankEntryState
  /** As it was written. */
  @Example(EXAMPLE_ENTRY) @Shape() entry!: Record<string, unknown>
  /** It was asked for by one person and approved by another. */
  @Example(true) @Flag() mayAct!: boolean
  @Example('editor-1') @Text(200, 1) createdBy!: string
  @Instant() createdAt!: Date
  /** Who wrote it as it stands. */
  @Example('editor-1') @Text(200, 1) changedBy!: string
  @Instant() changedAt!: Date
  @Example('editor-2') @Optional() @Text(200, 1) approvedBy!: string | null
  @Optional() @Instant() approvedAt!: Date | null
  @Example(null) @Optional() @Text(200, 1) quarantinedBy!: string | null
  @Example(null) @Optional() @Instant() quarantinedAt!: Date | null
  @Example(null) @Optional() @Text(10_000) quarantineReasons!: string | null
  @Example(null) @Optional() @Text(200, 1) removedBy!: string | null
  @Example(null) @Optional() @Instant() removedAt!: Date | null
  /** The import that wrote it as it stands. */
  @Example(null) @Optional() @Text(100, 1) importId!: string | null
  /** For `If-Match`. */
  @Example(2) @Int(1) changes!: number
}

/** What an import came to. */
export class ImportView {
  /** By which a second person approves all of it at once. */
  @Example('im_01jq8z') @WeirId() importId!: string
  @Example(1800) @Int(0) added!: number
  @Example(12) @Int(0) changed!: number
  /** Rows that say what stands there already. */
  @Example(0) @Int(0) unchanged!: number
}

export class ApprovedImportView {
  @Example('im_01jq8z') @WeirId() importId!: string
  /** Entries that may act from now on, by this approval. */
  @Example(1812) @Int(0) approved!: number
}

/** What an export holds; without `state` all that was not removed. */
export class ExportQuery {
  @Optional() @OneOf(BANK_ENTRY_STATES) state?: BankEntryState
  @Optional() @Text(60, 1) category?: string
  /** Those that this import wrote, as it wrote them. */
  @Optional() @WeirId() import?: string
}

export class EntriesQuery extends PageQuery {
  @Optional() @OneOf(BANK_ENTRY_STATES) state?: BankEntryState
  @Optional() @Text(60, 1) category?: string
  /** The beginning of a term, pattern, claim or id, in any case. */
  @Example() @Optional() @Text(100, 1) q?: string
}
