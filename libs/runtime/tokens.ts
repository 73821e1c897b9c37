/** Names under which the container holds what is no class of ours. */
export const SERVICE_NAME = Symbol('SERVICE_NAME')
export const ENV = Symbol('ENV')
export const LOGGER = Symbol('LOGGER')
