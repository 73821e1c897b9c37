import { IsString, MinLength } from 'class-validator'
import { ServiceEnv, Setting } from '#libs/runtime/env'

/** The settings of classification. */
export class ClassificationEnv extends ServiceEnv {
  @Setting('Folder of the model weights.')
  @IsString()
  @MinLength(1)
  MODELS_DIR = 'models'
}
