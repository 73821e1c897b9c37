import { applyDecorators, Controller, VERSION_NEUTRAL } from '@nestjs/common'
import { ApiExcludeController } from '@nestjs/swagger'

/** A controller outside `/v1`: pages for people, health, metrics. */
export function PageController(path = ''): ClassDecorator {
  return applyDecorators(Controller({ path, version: VERSION_NEUTRAL }), ApiExcludeController())
}
