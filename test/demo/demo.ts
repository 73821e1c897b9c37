import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { SERVICES } from '#libs/contracts/catalogue'
import type { StackError } from '#libs/testing/stack-error'
import { followedTopics, untilDrained } from './await-drained.js'
import { checkConsistency } from './check-consistency.js'
import { chooseTexts } from './choose-texts.js'
import type { CleanUp } from './clean-up.js'
import type { DemoOptions } from './demo-options.js'
import { factPage, type DemoReport } from './fact-page.js'
import { figuresOf } from './figures.js'
import { gatherFindings } from './findings.js'
import { isHarmful, type LabelledText } from './labelled-text.js'
import { MailSink } from './mail-sink.js'
import { outsideKafka } from '../harness/outside-kafka.js'
import { planAccounts } from './plan-accounts.js'
import { planRecords } from './plan-records.js'
import { PlatformPlayer } from './platform-player.js'
import { registerPlatforms } from './register-platforms.js'
import type { SentRecord } from './send-records.js'
import { type DemoSystem, startDemoSystem } from './start-demo-system.js'
import { RATE_PER_SECOND, streamThrough } from './stream-through.js'
import { tellStory } from './tell-story.js'
import { TopicFollower } from './topic-follower.js'
import { WebhookSink } from './webhook-sink.js'
import { WeirApi } from './weir-api.js'

const SEED = 7

/**
 * The main job on real input, from start to page. Gives what did not hold; empty when all did. `fail` is told when something
 * that runs ends by itself. @throws StackError, and errors of what cannot be reached
 */
export async function runDemo(
  options: DemoOptions,
  cleanUp: CleanUp,
  fail: (error: unknown) => void,
): Promise<readonly string[]> {
  const began = performance.now()
  const log = (line: string): void => {
    console.log(`${((performance.now() - began) / 1_000).toFixed(1).padStart(6)} s  ${line}`)
  }
  const mailSink = await MailSink.start()
  cleanUp.add(() => mailSink.stop())
  const webhookSink = await WebhookSink.start()
  cleanUp.add(() => webhookSink.stop())
  log('starting Kafka and MongoDB, choosing texts')
  const onEnd = (error: StackError): void => fail(error)
  const [system, texts] = await Promise.all([
    startDemoSystem(cleanUp, { smtpUrl: mailSink.url, log, fail: onEnd }),
    chooseTexts(options.data, log),
  ])
  const api = new WeirApi(system)
  const suffix = system.borrowed ? `-${randomBytes(3).toString('hex')}` : ''
  const platformIds = await registerPlatforms(api, webhookSink, suffix)
  const plan = planRecords(texts, planAccounts(suffix), SEED)

  const kafka = outsideKafka(system.brokers)
  const player = new PlatformPlayer(kafka, fail)
  cleanUp.add(() => player.stop())
  const follower = new TopicFollower(kafka)
  cleanUp.add(() => follower.stop())
  const producer = kafka.producer({ allowAutoTopicCreation: false })
  cleanUp.add(() => producer.disconnect())
  const admin = kafka.admin()
  cleanUp.add(() => admin.disconnect())
  const followed = followedTopics(platformIds)
  await Promise.all([
    player.start(platformIds),
    follower.start(followed),
    producer.connect(),
    admin.connect(),
  ])

  log(`streaming ${plan.length} records of ${platformIds.length} platforms, ${RATE_PER_SECOND} a second`)
  const sent = new Map<number, SentRecord>()
  const timing = await streamThrough(producer, plan, sent, follower, (onProgress) =>
    untilDrained({
      admin,
      follower,
      followed,
      platformIds,
      onProgress,
      alsoOpen: async () => {
        if (!player.idle) return 'platforms carry out directives'
        if ((await api.sum('enforcement', 'weir_enforcement_accounts_paced')) > 0)
          return 'verdicts wait for their accounts'
        const pending = await Promise.all(
          platformIds.map((id) =>
            api.call<{ items: unknown[] }>(
              'notification',
              'auditor',
              'GET',
              `/v1/notices?state=pending&platform=${id}&limit=1`,
            ),
          ),
        )
        return pending.some(({ items }) => items.length > 0) ? 'notices are on their way' : undefined
      },
    }),
  )
  const findings = await gatherFindings({
    plan,
    sent,
    platformIds,
    follower,
    player,
    mailSink,
    webhookSink,
    api,
  })
  const report: DemoReport = {
    about: texts.about,
    sources: sourcesOf([...texts.harmful, ...texts.harmless]),
    ratePerSecond: RATE_PER_SECOND,
    figures: figuresOf(findings, timing),
    story: await tellStory(findings, api),
    problems: checkConsistency(findings),
  }
  log('done')
  console.log(`\n${factPage(report)}`)
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`)
  console.log(
    options.keep ? await whereItRuns(system, api) : 'To look around in what it left: npm run demo -- --keep',
  )
  return report.problems
}

function sourcesOf(texts: readonly LabelledText[]): DemoReport['sources'] {
  const bySource = Map.groupBy(texts, ({ source }) => source)
  return Object.fromEntries(
    [...bySource].map(([source, some]) => {
      const harmful = some.filter(isHarmful).length
      return [source, { harmful, harmless: some.length - harmful }]
    }),
  )
}

async function whereItRuns({ brokers, mongoUri, services }: DemoSystem, api: WeirApi): Promise<string> {
  return [
    'It goes on running, until Ctrl-C:',
    ...SERVICES.map((name) => `  ${name.padEnd(15)} ${services[name].url} (API at /docs)`),
    `  ${'Kafka'.padEnd(15)} ${brokers}`,
    `  ${'MongoDB'.padEnd(15)} ${mongoUri}`,
    `  token of a moderator: ${await api.token('moderator')}`,
    `  token of an admin:    ${await api.token('admin')}`,
  ].join('\n')
}
