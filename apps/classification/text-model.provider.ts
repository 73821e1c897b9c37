import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Provider } from '@nestjs/common'
import { ENV } from '#libs/runtime/tokens'
import type { ClassificationEnv } from './config.js'
import { TextModel } from './detectors/text-model.js'

/** Name under which the container holds the text model. */
export const TEXT_MODEL = Symbol('TEXT_MODEL')

/** Reads the weights once, at start: a file that is missing or damaged keeps the service from starting. */
export const textModelProvider: Provider = {
  provide: TEXT_MODEL,
  inject: [ENV],
  useFactory: async (env: ClassificationEnv) =>
    TextModel.load(await readFile(join(env.MODELS_DIR, 'text-v1.bin'))),
}
