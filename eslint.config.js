import tseslint from 'typescript-eslint'
import { ROOMS } from './walls.js'

const onlyRuntimeSpeaksKafka = {
  name: 'kafkajs',
  message: 'Only libs/runtime imports kafkajs: use its publisher, transport or admin.',
}
const frameworks = [
  '@nestjs/*',
  'kafkajs',
  'mongoose',
  'mongodb',
  'fastify',
  '@fastify/*',
  'pino',
  'node:fs*',
  'node:net',
]
const apps = ['ingestion', 'classification', 'enforcement', 'notification', 'cli']

const noApp = (app) => ({
  group: apps.filter((other) => other !== app).flatMap((other) => [`**/apps/${other}/**`, `../${other}/**`]),
  message: 'No app imports an app: speak through contracts.',
})
/** `weir explain` does again what classification did: by the same code, or it would explain something else. */
const explaining = {
  regex:
    '^(\\.\\./)+(ingestion|enforcement|notification)/|^(\\.\\./)+classification/(?!(.*\\.rules|judge|detectors/text-model)\\.js$)',
  message: 'Of classification, only what judges a message; of other apps nothing.',
}
const noHttp = {
  group: ['#libs/runtime/http/*', '**/runtime/http/*'],
  message: 'Rules refuse with a RefusedError: only edges speak HTTP.',
}
const pure = { group: frameworks, message: 'A pure file: pass time, ids and data in.' }
const imports = (patterns, paths = []) => ({ 'no-restricted-imports': ['error', { paths, patterns }] })

/** So many folders deep a room may be: the path that leads out of it depends on that. */
const DEPTHS = [0, 1, 2]

/** What the files of a room, so many folders deep in it, may not import: whatever stands outside of it and is not allowed. */
function wallOf([room, below], depth) {
  const allowed = [...below.map((other) => `${other}/`), 'config\\.js$'].join('|')
  return {
    folder: `apps/enforcement/${room}/${'*/'.repeat(depth)}`,
    wall: {
      regex: `^${'\\.\\./'.repeat(depth + 1)}(?!${allowed})`,
      message: `The room ${room} may not import this: see walls.js.`,
    },
  }
}
const walls = Object.entries(ROOMS).flatMap((room) => DEPTHS.map((depth) => wallOf(room, depth)))

/** Walls between the parts, as lint rules (docs/adr/0001, 0140): pure files, one Kafka client, no app imports an app, no room one above it. */
export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', '.local/**', 'coverage/**'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.ts', '*.js'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-extraneous-class': 'off',
      'no-restricted-imports': ['error', { paths: [onlyRuntimeSpeaksKafka] }],
    },
  },
  { files: ['libs/runtime/**/*.ts', 'test/**/*.ts'], rules: { 'no-restricted-imports': 'off' } },
  { files: ['**/*.spec.ts'], rules: { '@typescript-eslint/no-non-null-assertion': 'off' } },
  {
    files: ['libs/contracts/**/*.ts'],
    ignores: ['**/*.spec.ts', '**/generate-*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: [...frameworks, '#libs/*', '../**/apps/**'], message: 'contracts can be read alone.' },
          ],
        },
      ],
    },
  },
  {
    files: [
      'libs/policy/**/*.ts',
      'libs/text/**/*.ts',
      'apps/*/**/*.rules.ts',
      'apps/classification/detectors/**/*.ts',
    ],
    ignores: ['**/*.spec.ts'],
    rules: imports([pure, noHttp]),
  },
  ...apps.map((app) => ({
    files: [`apps/${app}/**/*.ts`],
    ignores: ['**/*.spec.ts', `apps/${app}/**/*.rules.ts`, 'apps/classification/detectors/**'],
    rules: imports([noApp(app)], [onlyRuntimeSpeaksKafka]),
  })),
  {
    files: ['apps/cli/explain/*.ts'],
    ignores: ['**/*.spec.ts', '**/*.rules.ts'],
    rules: imports([explaining], [onlyRuntimeSpeaksKafka]),
  },
  ...walls.flatMap(({ folder, wall }) => [
    {
      files: [`${folder}*.ts`],
      ignores: ['**/*.spec.ts'],
      rules: imports([noApp('enforcement'), wall], [onlyRuntimeSpeaksKafka]),
    },
    { files: [`${folder}*.rules.ts`], ignores: ['**/*.spec.ts'], rules: imports([pure, noHttp, wall]) },
  ]),
  { files: ['*.js', '**/*.mjs'], extends: [tseslint.configs.disableTypeChecked] },
)
