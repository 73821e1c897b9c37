import {
  PlatformTopics,
  platformOfTopic,
  platformTopicName,
  type PlatformTopicKind,
  type TopicSpec,
} from '#libs/contracts/catalogue'

const kindOf = new Map<object, PlatformTopicKind>(
  Object.entries(PlatformTopics).map(([kind, spec]) => [spec, kind as PlatformTopicKind]),
)

/** The topic that records of a spec go to. Throws a RangeError when a platform's topic is meant and no platform is named. */
export function topicName(spec: TopicSpec, platformId: string | undefined): string {
  const kind = kindOf.get(spec)
  if (kind === undefined) return spec.name
  if (platformId === undefined)
    throw new RangeError(`${spec.name} is a topic of one platform: name the platform`)
  return platformTopicName(kind, platformId)
}

/** What a topic is called in metrics: the pattern for platforms’ topics, so that their number stays low. */
export function topicLabel(name: string): string {
  const platform = platformOfTopic(name)
  return platform ? PlatformTopics[platform.kind].name : name
}
