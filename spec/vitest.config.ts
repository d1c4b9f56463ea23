import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { parse } from 'yaml';
import LongestFirst from './support/longest-first.js';

/**
 * Which project runs a spec: the first line that names it decides.
 *
 * `npm run specs:fast` runs `unit` and `isolated`. They start neither processes nor PostgreSQL, and neither do
 * the two `express` and `long`: a spec that does so there fails. The specs of `long` try thousands of inputs. The specs of
 * most projects share their modules: one that replaces a module, or counts timers, fails there, and belongs to a project
 * that is isolated.
 */
const SPECS: readonly (readonly [projects: readonly ProjectName[], specs: readonly string[]])[] = [
  [
    ['long'],
    ['day-of-traffic', 'authorization/can', 'stores/own-repository', 'transfer/kapacitor*/{generated,mutations}'],
  ],
  [['postgres, isolated'], ['stores/postgres/{availability,barrier,bulk-reads,reconnection}']],
  [['postgres'], ['stores/postgres/**']],
  [
    ['every store'],
    [
      'stores/contract',
      'cli/{binary,kapacitor,prompt}',
      '{health,key-matrix,shared-limits,shared-limits-faults}',
      'page/every-store',
    ],
  ],
  [['page'], ['page/**']],
  [['processes, isolated'], ['cli/private-file', 'observe/audit-log', 'stores/sqlite/writer-thread']],
  [
    ['processes'],
    [
      'examples/**',
      '{docs,package}/**',
      '{hosts,kapacitor-auth,kept-in-memory}',
      'cli/{completion,serve,terminal}',
      'config/admin-password-file',
      'bench/instructions',
      'observe/audit-log-process',
      'stores/sqlite/{backup,built,containers,damaged,everybody,full-disk,kill,locked,processes,replaced-files,slow-disk}',
      'transfer/open-user-file',
    ],
  ],
  [
    ['isolated'],
    [
      '{closing,first-login,optional-package,promises}',
      'authentication/{authenticator-recall,credential-cache,login-throttle,own-changes,password-hasher,shared-counts,tarpit}',
      'cli/missing-package',
      'config/thread-pool',
      'http/upgrade-hang-up',
      'observe/listeners',
      'observe/audit-log-full-disk',
      'stores/{supervised,supervision-health}',
      'stores/sqlite/{abandoned-lists,backup-links,change-queue-overdue,engine-choice,folder-race,network-file-system,reading}',
      'users/{password-policy,undefined-permissions}',
    ],
  ],
  [
    ['express 5', 'express 4'],
    ['gateway/**', 'http/**', 'kapacitor/**'],
  ],
  [['unit'], ['**']],
];

type ProjectName =
  | 'unit'
  | 'isolated'
  | 'long'
  | 'express 5'
  | 'express 4'
  | 'page'
  | 'processes'
  | 'processes, isolated'
  | 'every store'
  | 'postgres'
  | 'postgres, isolated';
type Project = NonNullable<TestProjectInlineConfiguration['test']>;

const pathOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const POSTGRES = pathOf('support/postgres-setup.ts');
const PAGE = pathOf('support/page-setup.ts');
const PROGRAMS = pathOf('support/programs-setup.ts');
const CHROMIUM = pathOf('support/chromium-setup.ts');
const WITHOUT_POSTGRES = { postgresUrl: 'postgres://name-this-spec-below-every-store-in-vitest.config.ts.invalid' };
const IN_ONE_PROCESS = {
  setupFiles: [pathOf('support/in-one-process-setup.ts')],
  provide: { ...WITHOUT_POSTGRES, programs: {} },
};
/** Most of the time of a short spec is that of its imports. */
const SHARED_MODULES = { setupFiles: [pathOf('support/shared-modules-setup.ts')], isolate: false };
const SHARED = {
  ...IN_ONE_PROCESS,
  ...SHARED_MODULES,
  setupFiles: [...IN_ONE_PROCESS.setupFiles, ...SHARED_MODULES.setupFiles],
};
/** These specs wait for processes, disks and servers. Two more than there are cores keep the cores busy meanwhile. */
const WAITING = { maxWorkers: availableParallelism() + 2, sequence: { groupOrder: 1 } };
const WITH_PROCESSES = { ...WAITING, globalSetup: [PROGRAMS], provide: WITHOUT_POSTGRES };
const WITH_POSTGRES = { ...WAITING, globalSetup: [POSTGRES, PROGRAMS] };

const PROJECTS: Readonly<Record<ProjectName, Project>> = {
  unit: SHARED,
  isolated: IN_ONE_PROCESS,
  'express 5': { ...SHARED, globalSetup: [PAGE] },
  'express 4': {
    ...SHARED,
    globalSetup: [PAGE],
    alias: [{ find: /^express$/, replacement: 'express4' }],
    env: { EXPRESS: '4' },
  },
  // A browser takes its time where much else runs. What is waited for is there at once otherwise.
  page: { ...SHARED, globalSetup: [PAGE, CHROMIUM], testTimeout: 60_000, expect: { poll: { timeout: 15_000 } } },
  long: IN_ONE_PROCESS,
  processes: { ...SHARED_MODULES, ...WITH_PROCESSES },
  'processes, isolated': WITH_PROCESSES,
  'every store': {
    ...SHARED_MODULES,
    ...WITH_POSTGRES,
    globalSetup: [...WITH_POSTGRES.globalSetup, CHROMIUM],
    expect: { poll: { timeout: 15_000 } },
  },
  postgres: { ...SHARED_MODULES, ...WITH_POSTGRES },
  'postgres, isolated': WITH_POSTGRES,
};

/** The files of a project's line, without what an earlier line names. */
function specsOf(project: ProjectName): Pick<Project, 'include' | 'exclude'> {
  const line = SPECS.findIndex(([projects]) => projects.includes(project));
  const files = SPECS.map(([, specs]) => specs.map((spec) => `spec/${spec.replace(/\*\*$/, '**/*')}.spec.ts`));
  return { include: files[line] ?? [], exclude: files.slice(0, line).flat() };
}

/** Makes a module of a YAML file. Parsing takes longer than all that the specs do with it, and so it is done once. */
const YAML = {
  name: 'yaml',
  transform: (text: string, file: string) =>
    file.endsWith('.yaml') ? `export default ${JSON.stringify(parse(text))}` : undefined,
};

export default defineConfig({
  root: pathOf('..'),
  plugins: [YAML],
  resolve: {
    // The specs see the sources under the package's own name.
    alias: [
      { find: /^kapacitor-auth$/, replacement: pathOf('../lib/index.ts') },
      { find: /^kapacitor-auth\/postgres$/, replacement: pathOf('../lib/postgres.ts') },
      { find: /^kapacitor-auth\/contract$/, replacement: pathOf('../lib/stores/contract/index.ts') },
    ],
  },
  test: {
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // Left to itself, vitest leaves a core idle.
    maxWorkers: '100%',
    sequence: { sequencer: LongestFirst },
    // The specs switch authentication off, which is warned about.
    execArgv: ['--no-warnings'],
    reporters: ['default', pathOf('support/closing-line.ts')],
    restoreMocks: true,
    unstubEnvs: true,
    projects: Object.entries(PROJECTS).map(([name, project]) => ({
      extends: true,
      test: { name, ...project, ...specsOf(name as ProjectName) },
    })),
    coverage: {
      provider: 'v8',
      include: ['lib/**/*.ts'],
      // The specs of the package try the build, and the files that are only types.
      // Coverage does not see the code of a worker thread: writer-thread.spec.ts tries it. The contract is a suite of tests.
      exclude: ['lib/**/*.d.ts', 'lib/{build,esm}/**', 'lib/stores/contract/**', 'lib/stores/sqlite/writer-thread.ts'],
      reporter: ['text-summary', 'json-summary'],
      thresholds: {
        lines: 95,
        functions: 95,
        branches: 95,
        statements: 95,
        'lib/{authentication,authorization,stores,users}/**': {
          lines: 100,
          functions: 100,
          branches: 100,
          statements: 100,
        },
      },
    },
  },
});
