import tseslint from 'typescript-eslint'

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

/** Walls between the parts, as lint rules (docs/adr/0001): pure files, one Kafka client, no app imports an app. */
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
    files: ['libs/policy/**/*.ts', 'apps/*/**/*.rules.ts', 'apps/classification/detectors/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: frameworks, message: 'A pure file: pass time, ids and data in.' }] },
      ],
    },
  },
  ...apps.map((app) => ({
    files: [`apps/${app}/**/*.ts`],
    ignores: ['**/*.spec.ts', `apps/${app}/**/*.rules.ts`, 'apps/classification/detectors/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: [onlyRuntimeSpeaksKafka],
          patterns: [
            {
              group: apps
                .filter((a) => a !== app)
                .map((a) => `**/apps/${a}/**`)
                .concat(apps.filter((a) => a !== app).map((a) => `../${a}/**`)),
              message: 'No app imports an app: speak through contracts.',
            },
          ],
        },
      ],
    },
  })),
  { files: ['*.js', '**/*.mjs'], extends: [tseslint.configs.disableTypeChecked] },
)
