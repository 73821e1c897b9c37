import { Inject, Injectable } from '@nestjs/common'
import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { derivedId } from '#libs/contracts/ids'
import { type WrittenEntry, writtenBank } from '#libs/policy/banks/bank-entries'
import type { BankDocument } from '#libs/policy/banks/bank-versions'
import { Clock } from '#libs/runtime/clock'
import { PermanentError } from '#libs/runtime/errors'
import { ENV } from '#libs/runtime/tokens'
import { type EnforcementEnv, readPolicyFile } from '../config.js'
import { Relay } from '../outbox/relay.js'
import { type BankEntry, published, stateOf } from './bank-entry.js'
import { BankEntryStore } from './bank-entry.store.js'
import { BankVersionStore } from './bank-version.store.js'
import { bankVersion } from './publish-banks.js'

/** Messages that already wait were received under these banks: there were none before. */
const FROM_THE_START = new Date(0)

/** At the first start, publishes the banks that come with Weir, as version 1. Of several instances that start at once one wins. */
@Injectable()
export class PublishFirstBanks {
  constructor(
    private readonly versions: BankVersionStore,
    private readonly entries: BankEntryStore,
    private readonly relay: Relay,
    private readonly clock: Clock,
    @Inject(ENV) private readonly env: EnforcementEnv,
  ) {}

  /** Resolves when those that are not known yet are published. @throws PermanentError `bad-environment`, `bad-bank` */
  async publish(): Promise<void> {
    const folder = join(this.env.POLICIES_DIR, 'banks')
    const files = (await readdir(folder).catch(() => [])).filter((file) => file.endsWith('.yaml')).sort()
    for (const file of files) {
      const name = basename(file, '.yaml')
      if (await this.versions.last(name)) continue
      await this.add(
        name,
        readFirst(name, join(folder, file), await readPolicyFile(join(folder, file)), this.clock.now()),
      )
    }
    await this.relay.drain(this.versions.versions)
  }

  private async add(name: string, { kind, entries }: FirstBank): Promise<void> {
    const document: BankDocument = { kind, entries: entries.map(published).filter((entry) => entry !== null) }
    const now = this.clock.now()
    // The entries first: a version that is there says that all of them are.
    await this.entries.addFirst(entries)
    await this.versions.add(bankVersion(name, 1, FROM_THE_START, now, document))
  }
}

interface FirstBank {
  readonly kind: BankDocument['kind']
  readonly entries: readonly BankEntry[]
}

function readFirst(bank: string, path: string, yaml: string, at: Date): FirstBank {
  const { kind, entries, errors } = writtenBank(yaml)
  const [first] = errors
  if (first || !kind)
    throw new PermanentError('bad-bank', `${path}: ${first?.path ?? ''} ${first?.message ?? ''}`)
  const step = { by: 'system', at }
  return {
    kind,
    entries: entries.map((written: WrittenEntry, i): BankEntry => {
      const entry = {
        ...{
          entryId: derivedId('be', bank, 'first', i),
          bank,
          kind,
          written,
          revision: 1,
          created: step,
          changed: step,
        },
        // What comes with Weir was looked at by two people.
        approved: written['act'] === true ? step : null,
        ...{ quarantine: null, removed: null, importId: null, changes: 1 },
      }
      return { ...entry, state: stateOf(entry) }
    }),
  }
}
