import { cp, lstat, mkdir, mkdtemp, readFile, symlink } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { projectRoot } from '#libs/testing/project-root'
import { runNeededTool } from '#libs/testing/run-tool'
import { buildContext } from './build-context.js'
import { type Config, DockerfileError, readDockerfile, type Stage, type Step } from './read-dockerfile.js'

/** What the last stage would hold, and how a container of it starts. */
export interface RehearsedImage {
  /** The folder that stands for `/`. */
  readonly root: string
  readonly config: Config
}

export interface RehearsalOptions {
  /** An empty folder. Each stage gets one in it. */
  readonly into: string
  /** Called before each step. */
  readonly log?: (line: string) => void
  /** Run in the place of a command that is exactly this one, in its folder. */
  readonly instead?: Readonly<Record<string, (folder: string) => Promise<void>>>
  /** Added to the environment of commands. */
  readonly env?: Readonly<Record<string, string>>
}

interface MadeStage {
  readonly root: string
  /** Where its last step left off, as the container sees it. */
  readonly workdir: string
}

interface Made {
  readonly stages: Map<string, MadeStage>
  /** The folder with what `.dockerignore` lets through. */
  readonly context: string
}

/**
 * Does what the project's own Dockerfile says, stage by stage, each in a folder of its own and out of what `.dockerignore` lets
 * through: all but the base images, for which this machine's Node stands in. Commands run in their WORKDIR.
 * @throws DockerfileError, StackError `tool-failed`
 */
export async function rehearseImage(options: RehearsalOptions): Promise<RehearsedImage> {
  const stages = readDockerfile(await readFile(join(projectRoot, 'Dockerfile'), 'utf8'))
  const context = await mkdtemp(join(options.into, 'context-'))
  for (const path of buildContext(projectRoot)) await copy(join(projectRoot, path), join(context, path))
  const made: Made = { stages: new Map(), context }
  for (const stage of stages) made.stages.set(nameOf(stage), await makeStage(stage, made, options))
  const last = stages.at(-1)
  if (!last) throw new DockerfileError('There is no stage')
  return { root: made.stages.get(nameOf(last))!.root, config: last.config }
}

function nameOf({ name = 'last' }: Stage): string {
  return name
}

async function makeStage(stage: Stage, made: Made, options: RehearsalOptions): Promise<MadeStage> {
  const root = join(options.into, nameOf(stage))
  const below = made.stages.get(stage.base)
  if (below === undefined) await layBase(root, stage.base)
  else await copy(below.root, root)
  let workdir = below?.workdir ?? '/'
  for (const step of stage.steps) {
    options.log?.(`${nameOf(stage)}: ${toldStep(step)}`)
    if (step.kind === 'workdir') workdir = resolve(workdir, step.path)
    const folder = join(root, workdir)
    await mkdir(folder, { recursive: true })
    if (step.kind === 'copy') await doCopy(step, { root, workdir }, made)
    if (step.kind === 'run') await doRun(step.command, folder, options)
  }
  return { root, workdir }
}

/** Of a base image only Node is asked for here. */
async function layBase(root: string, base: string): Promise<void> {
  await mkdir(join(root, 'usr/local/bin'), { recursive: true })
  if (/^node:/.test(base)) await symlink(process.execPath, join(root, 'usr/local/bin/node'))
}

async function doCopy(
  { from, sources, to }: Extract<Step, { kind: 'copy' }>,
  { root, workdir }: MadeStage,
  { stages, context }: Made,
): Promise<void> {
  const origin = from === undefined ? context : stages.get(from)?.root
  if (origin === undefined) throw new DockerfileError(`COPY --from=${from}: no such stage`)
  const target = join(root, resolve(workdir, to))
  for (const source of sources.map((path) => join(origin, path))) {
    // Docker lays the content of a folder into the target, and a file under its own name where the target ends with a slash.
    const keepsName = to.endsWith('/') && !(await lstat(source)).isDirectory()
    await copy(source, keepsName ? join(target, basename(source)) : target)
  }
}

async function doRun(command: string, folder: string, { instead, env }: RehearsalOptions): Promise<void> {
  const odd = /(?:^|[\s'"=:])\/(?!dev\/null)\S*/.exec(command)
  if (odd) throw new DockerfileError(`RUN leaves its WORKDIR for${odd[0]}, which cannot be rehearsed`)
  const other = instead?.[command]
  if (other) return other(folder)
  await runNeededTool('/bin/sh', ['-ec', command], 'There is no /bin/sh.', {
    cwd: folder,
    env: { ...cleanEnvironment(), ...env },
  })
}

/** Ours less what npm tells its scripts about the project that it runs them for: what is run here has a project of its own. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) =>
      !/^(npm_(package|lifecycle|command|execpath|node_execpath)|npm_config_(local|global)_prefix|npm_config_prefix|INIT_CWD|NODE_ENV)/.test(
        name,
      ),
  )
  const path = (process.env.PATH ?? '').split(':').filter((folder) => !folder.includes('node_modules'))
  return { ...Object.fromEntries(own), PATH: [dirname(process.execPath), ...path].join(':') }
}

function toldStep(step: Step): string {
  if (step.kind === 'workdir') return `WORKDIR ${step.path}`
  if (step.kind === 'run') return `RUN ${step.command}`
  return `COPY ${step.from ? `--from=${step.from} ` : ''}${[...step.sources, step.to].join(' ')}`
}

/** A folder goes over with all that is in it; links stay links. */
async function copy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  await cp(from, to, { recursive: true, verbatimSymlinks: true })
}
