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
import type { AuditEntry } from '#libs/contracts/audit-record'
import { derivedId } from '#libs/contracts/ids'
import { callerOf } from '#libs/platform/auth/caller'
import { Clock } from '#libs/platform/clock'
import { AuditLog } from './audit-log.js'

const VIEW_KEY = 'weir:evidence-view'

/**
 * The route shows evidence about the `<noun>` of its `:id`: who looked is in the audit log before the answer is given, and
 * where it cannot be, there is no answer. Account and platform are those of what is answered.
 */
export function ViewsEvidence(noun: string): MethodDecorator {
  return applyDecorators(SetMetadata(VIEW_KEY, noun), UseInterceptors(EvidenceViews))
}

@Injectable()
export class EvidenceViews implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly log: AuditLog,
    private readonly clock: Clock,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const noun = this.reflector.get<string>(VIEW_KEY, context.getHandler())
    const request = context.switchToHttp().getRequest<FastifyRequest<{ Params: { id: string } }>>()
    return next.handle().pipe(
      mergeMap(async (answer: unknown) => {
        await this.record(noun, request, answer)
        return answer
      }),
    )
  }

  private async record(
    noun: string,
    request: FastifyRequest<{ Params: { id: string } }>,
    answer: unknown,
  ): Promise<void> {
    const { platformId, accountId } = answer as { platformId?: string; accountId?: string }
    const view = { subject: `${noun}/${request.params.id}`, actor: callerOf(request).subject }
    const entry = viewEntry({ ...view, platformId, accountId }, this.clock.now())
    await this.log.append([entry])
  }
}

interface View {
  /** What was looked at. */
  subject: string
  actor: string
  platformId?: string
  accountId?: string
}

/** The entry of one view of evidence; each view is one of its own. */
export function viewEntry(view: View, at: Date): AuditEntry {
  const entryId = derivedId('view', randomUUID())
  return storable({ entryId, kind: 'evidence.viewed', at: at.toISOString(), ...view })
}
