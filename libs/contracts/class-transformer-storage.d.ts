/** class-transformer ships this file without types; class-validator-jsonschema needs it to follow `@Type`. */
declare module 'class-transformer/cjs/storage.js' {
  export const defaultMetadataStorage: Record<string, unknown>
}
