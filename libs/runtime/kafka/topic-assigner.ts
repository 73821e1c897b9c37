import kafkajs, { type PartitionAssigner } from 'kafkajs'

const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol

/** How many partitions each topic has, as one member knows it. */
export type PartitionCounts = ReadonlyMap<string, number>

/** A member of the group with the topics that it subscribed to. */
export interface KnowingMember {
  readonly memberId: string
  readonly topics: PartitionCounts
}

/**
 * Spreads partitions over members, each only to one that subscribed to its topic, to the one with the fewest so far.
 * A topic that only some members know yet (a platform was just registered) goes to those. The same input gives the same
 * output, in whatever order the members come.
 */
export function assignPartitions(members: readonly KnowingMember[]): Map<string, Map<string, number[]>> {
  const sorted = [...members].sort((a, b) => (a.memberId < b.memberId ? -1 : 1))
  const loads = new Map(sorted.map(({ memberId }) => [memberId, 0]))
  const assigned = new Map(sorted.map(({ memberId }) => [memberId, new Map<string, number[]>()]))
  for (const topic of [...new Set(sorted.flatMap(({ topics }) => [...topics.keys()]))].sort()) {
    const knowing = sorted.filter(({ topics }) => topics.has(topic))
    const count = Math.max(...knowing.map(({ topics }) => topics.get(topic)!))
    for (let partition = 0; partition < count; partition++) {
      const { memberId } = knowing.reduce((a, b) => (loads.get(b.memberId)! < loads.get(a.memberId)! ? b : a))
      loads.set(memberId, loads.get(memberId)! + 1)
      const topics = assigned.get(memberId)!
      topics.set(topic, [...(topics.get(topic) ?? []), partition])
    }
  }
  return assigned
}

/**
 * The assigner of kafkajs spreads the topics of the group's leader over all members, and a member drops what it did not
 * subscribe to: nobody reads those partitions then. This one has each member tell its topics and their partition counts.
 */
export const topicAssigner: PartitionAssigner = ({ cluster }) => ({
  name: 'weir-topics',
  version: 1,
  protocol({ topics }) {
    const counts = topics.map((topic) => [topic, cluster.findTopicPartitionMetadata(topic).length] as const)
    const userData = Buffer.from(JSON.stringify(Object.fromEntries(counts)))
    return { name: 'weir-topics', metadata: MemberMetadata.encode({ version: 1, topics, userData }) }
  },
  async assign({ members }) {
    const knowing = members.map(({ memberId, memberMetadata }) => ({
      memberId,
      topics: countsOf(memberMetadata),
    }))
    return [...assignPartitions(knowing)].map(([memberId, topics]) => ({
      memberId,
      memberAssignment: MemberAssignment.encode({
        version: 1,
        assignment: Object.fromEntries(topics),
        userData: Buffer.alloc(0),
      }),
    }))
  },
})

function countsOf(metadata: Buffer): PartitionCounts {
  const text = MemberMetadata.decode(metadata)?.userData.toString('utf8') ?? '{}'
  return new Map(Object.entries(JSON.parse(text) as Record<string, number>))
}
