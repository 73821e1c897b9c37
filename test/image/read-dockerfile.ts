import {
  type Copy,
  DockerfileParser,
  type From,
  type Instruction,
  type PropertyInstruction,
} from 'dockerfile-ast'

/** What changes the files of a stage. */
export type Step =
  | { readonly kind: 'run'; readonly command: string }
  | { readonly kind: 'workdir'; readonly path: string }
  | {
      readonly kind: 'copy'
      /** The stage that it is taken from, else what Docker was sent. */
      readonly from?: string
      readonly sources: readonly string[]
      readonly to: string
    }

/** What a container of a stage is started with. */
export interface Config {
  workdir: string
  env: Record<string, string>
  labels: Record<string, string>
  ports: string[]
  user?: string
  stopSignal?: string
  entrypoint: string[]
  command: string[]
  healthcheck: string[]
}

export interface Stage {
  readonly name?: string
  /** An image, or the name of a stage above. */
  readonly base: string
  readonly steps: Step[]
  readonly config: Config
}

/** A Dockerfile says something that cannot be rehearsed. */
export class DockerfileError extends Error {
  override readonly name = 'DockerfileError'
}

/** The stages of a Dockerfile. @throws DockerfileError on what is not understood, rather than pass it by */
export function readDockerfile(text: string): Stage[] {
  const stages: Stage[] = []
  for (const instruction of DockerfileParser.parse(text).getInstructions()) {
    if (instruction.getKeyword() === 'FROM') {
      stages.push(openStage(instruction as From, stages))
      continue
    }
    const stage = stages.at(-1)
    if (!stage) throw new DockerfileError(`${instruction.getKeyword()} stands before the first FROM`)
    read(instruction, stage)
  }
  return stages
}

function openStage(from: From, above: readonly Stage[]): Stage {
  const base = from.getImage() ?? ''
  const name = from.getBuildStage() ?? undefined
  const parent = above.find((stage) => stage.name === base)
  return {
    ...(name === undefined ? {} : { name }),
    base,
    steps: [],
    config: structuredClone(parent?.config ?? NOTHING),
  }
}

const NOTHING: Config = {
  workdir: '/',
  env: {},
  labels: {},
  ports: [],
  entrypoint: [],
  command: [],
  healthcheck: [],
}

function read(instruction: Instruction, { steps, config }: Stage): void {
  const keyword = instruction.getKeyword()
  switch (keyword) {
    case 'RUN':
      steps.push({ kind: 'run', command: instruction.getArgumentsContent() ?? '' })
      return
    case 'WORKDIR':
      config.workdir = words(instruction)[0] ?? ''
      steps.push({ kind: 'workdir', path: config.workdir })
      return
    case 'COPY':
      steps.push(copyStep(instruction as Copy))
      return
    case 'ENV':
      Object.assign(config.env, properties(instruction))
      return
    case 'LABEL':
      Object.assign(config.labels, properties(instruction))
      return
    case 'EXPOSE':
      config.ports.push(...words(instruction))
      return
    case 'USER':
      config.user = words(instruction)[0]
      return
    case 'STOPSIGNAL':
      config.stopSignal = words(instruction)[0]
      return
    case 'ENTRYPOINT':
      config.entrypoint = execForm(instruction.getArgumentsContent())
      return
    case 'CMD':
      config.command = execForm(instruction.getArgumentsContent())
      return
    case 'HEALTHCHECK':
      config.healthcheck = execForm(instruction.getArgumentsContent()?.replace(/^.*?CMD\s+/, ''))
      return
    case 'ARG':
      return
    default:
      throw new DockerfileError(`${keyword} is not understood`)
  }
}

function copyStep(copy: Copy): Step {
  const from = copy
    .getFlags()
    .find((flag) => flag.getName() === 'from')
    ?.getValue()
  const paths = words(copy)
  const odd = paths.find((path) => /[*?[$]/.test(path))
  if (odd !== undefined) throw new DockerfileError(`COPY names no plain path: ${odd}`)
  return { kind: 'copy', ...(from ? { from } : {}), sources: paths.slice(0, -1), to: paths.at(-1) ?? '' }
}

/** The arguments without flags. */
function words(instruction: Instruction): string[] {
  return instruction.getArguments().map((argument) => argument.getValue())
}

function properties(instruction: Instruction): Record<string, string> {
  const pairs = (instruction as PropertyInstruction).getProperties()
  return Object.fromEntries(pairs.map((pair) => [pair.getName(), pair.getValue() ?? '']))
}

function execForm(given: string | null = ''): string[] {
  if (!given?.startsWith('['))
    throw new DockerfileError(`No shell is there to run it, make it a JSON list: ${given}`)
  return JSON.parse(given) as string[]
}
