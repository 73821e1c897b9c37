import 'reflect-metadata'
import type { PendingRecord } from './pending.js'

const TELLS = Symbol('weir:tells-newest')

/** Records of one kind. */
export type RecordOf<K extends PendingRecord['publish']> = Extract<PendingRecord, { publish: K }>

/** How something stands now. */
export interface Newest {
  /** What it is: its key on the topic. */
  readonly key: string
  /** Grows with each change. */
  readonly rev: number
  readonly record: PendingRecord
}

type TellingMethod<K extends PendingRecord['publish']> = (
  records: readonly RecordOf<K>[],
  now: Date,
) => Promise<Newest[]>

/** The method that reads how that stands now which records of a kind are about, each once. The kind's topic then ends with the newest. */
export function TellsNewest<K extends PendingRecord['publish']>(kind: K) {
  return <M extends TellingMethod<K>>(
    _target: object,
    _property: string | symbol,
    descriptor: TypedPropertyDescriptor<M>,
  ): void => {
    Reflect.defineMetadata(TELLS, kind, descriptor.value!)
  }
}

/** The kind of record that the method was declared for; undefined for one that was declared for none. */
export function tellsNewestOf(method: object): PendingRecord['publish'] | undefined {
  return Reflect.getMetadata(TELLS, method) as PendingRecord['publish'] | undefined
}
