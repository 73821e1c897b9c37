import { describe, expect, it } from 'vitest'
import { OffsetCommits, type Position } from './offset-commits.js'

const at = (partition: number, offset: string): Position => ({ topic: 't', partition, offset })

describe('offset commits', () => {
  it('send what is done once, the latest of each partition', async () => {
    const sent: Position[][] = []
    const commits = new OffsetCommits(
      async (positions) => void sent.push(positions),
      () => undefined,
    )
    commits.markDone(at(0, '5'))
    commits.markDone(at(0, '9'))
    commits.markDone(at(1, '2'))
    await commits.flush()
    await commits.flush()
    expect(sent).toEqual([[at(0, '9'), at(1, '2')]])
  })

  it('are tried again after a failure, and keep what became done meanwhile', async () => {
    const sent: Position[][] = []
    const failures: unknown[] = []
    let away = true
    const commits = new OffsetCommits(
      async (positions) => {
        commits.markDone(at(1, '3'))
        if (away) throw new Error('away')
        sent.push(positions)
      },
      (error) => failures.push(error),
    )
    commits.markDone(at(0, '5'))
    await commits.flush()
    away = false
    await commits.flush()
    expect(failures).toHaveLength(1)
    expect(sent).toEqual([[at(0, '5'), at(1, '3')]])
  })

  it('forget what a lost generation has done', async () => {
    const sent: Position[][] = []
    const commits = new OffsetCommits(
      async (positions) => void sent.push(positions),
      () => undefined,
    )
    commits.markDone(at(0, '5'))
    commits.forget()
    await commits.flush()
    expect(sent).toEqual([])
  })
})
