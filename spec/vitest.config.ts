import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('..', import.meta.url));
const lib = fileURLToPath(new URL('../lib/index.ts', import.meta.url));
const postgres = fileURLToPath(new URL('../lib/postgres.ts', import.meta.url));
const contract = fileURLToPath(new URL('../lib/stores/contract/index.ts', import.meta.url));

/** The specs see the sources under the package's own name. */
const alias = [
  { find: /^kapacitor-auth$/, replacement: lib },
  { find: /^kapacitor-auth\/postgres$/, replacement: postgres },
  { find: /^kapacitor-auth\/contract$/, replacement: contract },
];

/** Specs that serve requests: they run with both versions of Express. */
const OVER_HTTP = ['spec/http/**/*.spec.ts', 'spec/kapacitor/**/*.spec.ts'];

export default defineConfig({
  root,
  resolve: { alias },
  test: {
    globalSetup: ['postgres', 'programs'].map((of) =>
      fileURLToPath(new URL(`./support/${of}-setup.ts`, import.meta.url)),
    ),
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // Left to itself, vitest leaves a core idle.
    maxWorkers: '100%',
    // The specs switch authentication off, which is warned about.
    execArgv: ['--no-warnings'],
    reporters: ['default', fileURLToPath(new URL('./support/closing-line.ts', import.meta.url))],
    restoreMocks: true,
    unstubEnvs: true,
    projects: [
      {
        extends: true,
        test: { name: 'express 5', include: ['spec/**/*.spec.ts'] },
      },
      {
        extends: true,
        resolve: { alias: [{ find: /^express$/, replacement: 'express4' }] },
        test: { name: 'express 4', include: OVER_HTTP, env: { EXPRESS: '4' } },
      },
    ],
    coverage: {
      provider: 'v8',
      include: ['lib/**/*.ts'],
      // The specs of the package try the build, and the files that are only types.
      // Coverage does not see the code of a worker thread: writer-thread.spec.ts tries it.
      exclude: ['lib/**/*.d.ts', 'lib/{build,esm}/**', 'lib/stores/sqlite/writer-thread.ts'],
      reporter: ['text-summary', 'json-summary'],
      thresholds: {
        lines: 95,
        functions: 95,
        branches: 95,
        statements: 95,
        'lib/{authentication,authorization,users}/**': { lines: 100, functions: 100, branches: 100, statements: 100 },
      },
    },
  },
});
