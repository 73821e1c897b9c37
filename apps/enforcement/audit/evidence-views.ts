import {
  applyDecorators,
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  SetMetadata,
  UseInterceptors,
} from '@nestjs/common'
import { Reflector } from '@nestjs/core'
import type { FastifyRequest } from 'fastify'
import { randomUUID } from 'node:crypto'
import { mergeMap, type Observable } from 'rxjs'
import { storable } from '#libs/audit/chain'
import { type AuditEntry, MAX_SEEN } from '#libs/contracts/audit-record'
import { derivedId } from '#libs/contracts/ids'
import { type Caller, callerOf } from '#libs/runtime/auth/caller'
import { Clock } from '#libs/runtime/clock'
import { AuditLog } from './audit-log.js'

const VIEW_KEY = 'weir:evidence-view'

type Request = FastifyRequest<{ Params: Record<string, string> }>

/** What was looked at, as a request and its answer tell it; null where the answer shows nothing that is to be audited. */
type Looked = (request: Request, answer: unknown) => Omit<View, 'actor'> | null

/** Whose views are entered; everybody's unless said otherwise. */
interface Viewers {
  by?: (caller: Caller) => boolean
}

interface Listed<Item> extends Viewers {
  /** What stands on a page; its `items` unless said otherwise. */
  items?: (answer: never) => readonly Item[]
  /** What the list hangs on, where it does: then that is the subject. */
  of?: (params: Readonly<Record<string, string>>) => Pick<View, 'subject' | 'platformId' | 'accountId'>
}

/**
 * The route shows evidence about the `<noun>` of its `:id`: who looked is in the audit log before the answer is given, and
 * where it cannot be, there is no answer. Account and platform are those of what is answered.
 */
export function ViewsEvidence(noun: string, { by = everybody }: Viewers = {}): MethodDecorator {
  return audited(by, (request, answer) => {
    const { platformId, accountId } = answer as About
    return { subject: `${noun}/${request.params['id']!}`, platformId, accountId }
  })
}

/**
 * The route shows a list of what is evidence or holds it: an entry for each page, before it is given, which names what stood
 * on it. `name`: of the list; `nameOf`: of one item in the log, as `<noun>/<id>`.
 */
export function ViewsList<Item extends object>(
  name: string,
  nameOf: (item: Item) => string,
  { by = everybody, items = itemsOfPage<Item>, of }: Listed<Item> = {},
): MethodDecorator {
  return audited(by, (request, answer) => {
    const shown = items(answer as never)
    const about = of?.(request.params) ?? { subject: `list/${name}`, ...sharedBy(shown) }
    return { ...about, seen: shown.map(nameOf) }
  })
}

/** The route shows with `dryRun` what a decision would do: on which cases, `casesOf` says. Without, the change is the entry. */
export function ViewsPreview(casesOf: (request: Request) => readonly string[]): MethodDecorator {
  return audited(everybody, (request, answer) => {
    if ((answer as { dryRun?: boolean }).dryRun !== true) return null
    const cases = [...new Set(casesOf(request))].map((id) => `case/${id}`)
    const subject = cases.length === 1 ? cases[0]! : 'list/previews'
    return { subject, ...sharedBy(decisionsOf(answer)), ...(cases.length === 1 ? {} : { seen: cases }) }
  })
}

function audited(by: (caller: Caller) => boolean, looked: Looked): MethodDecorator {
  const lookedBy: Looked = (request, answer) => (by(callerOf(request)) ? looked(request, answer) : null)
  return applyDecorators(SetMetadata(VIEW_KEY, lookedBy), UseInterceptors(EvidenceViews))
}

function everybody(): boolean {
  return true
}

interface About {
  platformId?: string | null
  accountId?: string | null
}

function itemsOfPage<Item>(answer: unknown): readonly Item[] {
  return (answer as { items: readonly Item[] }).items
}

function decisionsOf(answer: unknown): About[] {
  const { decisions, results } = answer as { decisions?: About[]; results?: { preview?: object }[] }
  return decisions ?? results?.flatMap(({ preview }) => (preview ? decisionsOf(preview) : [])) ?? []
}

/** Platform and account where all are about the same. */
function sharedBy(items: readonly About[]): About {
  const [platformId, ...otherPlatforms] = new Set(items.map((item) => item.platformId))
  if (!platformId || otherPlatforms.length > 0) return {}
  const [accountId, ...otherAccounts] = new Set(items.map((item) => item.accountId))
  return accountId && otherAccounts.length === 0 ? { platformId, accountId } : { platformId }
}

@Injectable()
export class EvidenceViews implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly log: AuditLog,
    private readonly clock: Clock,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const looked = this.reflector.get<Looked>(VIEW_KEY, context.getHandler())
    const request = context.switchToHttp().getRequest<Request>()
    return next.handle().pipe(
      mergeMap(async (answer: unknown) => {
        const view = looked(request, answer)
        if (view)
          await this.log.append([viewEntry({ ...view, actor: callerOf(request).subject }, this.clock.now())])
        return answer
      }),
    )
  }
}

interface View extends About {
  /** What was looked at; of a list, which one. */
  subject: string
  actor: string
  /** What stood on a list. */
  seen?: readonly string[]
}

/** The entry of one view of evidence; each view is one of its own. */
export function viewEntry({ platformId, accountId, seen, ...view }: View, at: Date): AuditEntry {
  return storable({
    entryId: derivedId('view', randomUUID()),
    kind: 'evidence.viewed',
    at: at.toISOString(),
    ...view,
    ...(platformId ? { platformId } : {}),
    ...(platformId && accountId ? { accountId } : {}),
    ...(seen ? { seen: [...new Set(seen)].slice(0, MAX_SEEN) } : {}),
  })
}
