import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { projectRoot } from '#libs/testing/project-root'

interface Patch {
  /** Under `dist/`. */
  readonly file: string
  readonly from: string
  readonly to: string
}

/** Safeguards that can be broken on purpose, each as a change of what was compiled; the services have no switch for it. */
export const SABOTAGES = {
  /** Offsets are committed before the records are handled. */
  'commit-early': [
    {
      file: 'libs/runtime/kafka/group-consumer.js',
      from: 'const rebalancing = await this.handlePart(payload, part, progress);',
      to: `this.commits.markDone({ topic, partition, offset: String(BigInt(part.at(-1).offset) + 1n) });
            await this.commits.flush();
            const rebalancing = await this.handlePart(payload, part, progress);`,
    },
  ],
  /** What a change of an account left in its outbox when it was cut off counts as published when its record comes again. */
  'skip-republish': [
    {
      file: 'apps/enforcement/ledger/account-ledger.js',
      from: 'await this.outbox.deliver(behind, this.accounts.accounts);',
      to: `for (const one of behind) await this.accounts.accounts.updateOne({ _id: one._id }, { $pull: { pending: { id: { $in: one.pending.map((entry) => entry.id) } } } });`,
    },
    {
      file: 'apps/enforcement/outbox/relay.js',
      from: 'await this.outbox.deliver(holders, collection);',
      to: `if (collection.collectionName !== 'accounts') await this.outbox.deliver(holders, collection);
            else for (const one of holders) await collection.updateOne({ _id: one._id }, { $pull: { pending: { id: { $in: one.pending.map((entry) => entry.id) } } } });`,
    },
  ],
  /** The leader’s word is enough for a record. Only a cluster shows it. */
  'acks-one': [{ file: 'libs/runtime/kafka/publisher.js', from: 'acks: -1', to: 'acks: 1' }],
  /** The primary’s memory is enough for a document. Only a cluster shows it. */
  'write-concern-one': [
    {
      file: 'libs/runtime/mongo/mongo.module.js',
      from: "writeConcern: { w: 'majority', journal: true }",
      to: 'writeConcern: { w: 1, journal: false }',
    },
    // Without this the services would not find what they have just written.
    {
      file: 'libs/runtime/mongo/mongo.module.js',
      from: "readConcern: { level: 'majority' }",
      to: "readConcern: { level: 'local' }",
    },
  ],
} as const satisfies Record<string, readonly Patch[]>

export type SabotageName = keyof typeof SABOTAGES

export function isSabotage(name: string): name is SabotageName {
  return Object.hasOwn(SABOTAGES, name)
}

/** A folder to start services from that are like ours but for one safeguard. */
export interface SabotagedBuild {
  readonly root: string
  readonly remove: () => Promise<void>
}

/** Copies `dist/`, applies the patches, and links everything else. @throws Error where a text to be replaced is not there once */
export async function sabotage(name: SabotageName, from = projectRoot): Promise<SabotagedBuild> {
  const root = await mkdtemp(join(tmpdir(), 'weir-sabotaged-'))
  const remove = () => rm(root, { recursive: true, force: true })
  try {
    for (const entry of await readdir(from)) {
      if (entry === 'dist' || entry === 'package.json')
        await cp(join(from, entry), join(root, entry), { recursive: true })
      else if (!entry.startsWith('.')) await symlink(join(from, entry), join(root, entry))
    }
    for (const patch of SABOTAGES[name]) await apply(patch, root)
    return { root, remove }
  } catch (error) {
    await remove()
    throw error
  }
}

async function apply({ file, from, to }: Patch, root: string): Promise<void> {
  const path = join(root, 'dist', file)
  const parts = (await readFile(path, 'utf8')).split(from)
  if (parts.length !== 2)
    throw new Error(`The text to be sabotaged is ${parts.length - 1} times in dist/${file}: ${from}`)
  await writeFile(path, parts.join(to))
}
