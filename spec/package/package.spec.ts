import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import {
  type ConsumerProject,
  consumerProjects,
  DONE_WITHIN,
  execute,
  install,
  linkPackages,
  NEEDS_BETTER_SQLITE3,
  type Packed,
  pack,
  runConsumer,
} from './consumer-project.js';
import { describeModuleSystems } from './module-systems.js';
import { describeRuntimes } from './runtimes.js';

const folder = mkdtempSync(join(tmpdir(), 'kapacitor-auth-package-'));
const projects = consumerProjects(folder);
const [newest] = projects as [ConsumerProject];
let packed: Packed;

beforeAll(async () => {
  packed = await pack(folder);
  await Promise.all(projects.map((project) => install(project, packed)));
}, 2 * DONE_WITHIN);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the packed package', () => {
  it('contains the build, the documentation and nothing else', () => {
    const paths = packed.files.map(({ path }) => path);
    const built = paths.filter((path) => path.startsWith('dist/'));
    const papers = paths.filter((path) => !/^(dist|docs)\//.test(path));
    expect(papers.sort()).toEqual([
      'CHANGELOG.md',
      'CONTRIBUTING.md',
      'LICENSE',
      'README.md',
      'SECURITY.md',
      'package.json',
    ]);
    const docs = readdirSync(new URL('../../docs', import.meta.url), { recursive: true, encoding: 'utf8' });
    const pages = docs.filter((page) => page.includes('.')).map((page) => `docs/${page}`);
    expect(paths.filter((path) => path.startsWith('docs/')).sort()).toEqual(pages.sort());
    const others = built.filter((path) => !/^dist\/lib\/.+\.(js|d\.ts)$/.test(path));
    expect(others.sort()).toEqual([
      'dist/THIRD-PARTY-NOTICES.txt',
      'dist/lib/esm/package.json',
      'dist/openapi.json',
      'dist/package.json',
    ]);
    expect(built.filter((path) => /\.spec\./.test(path))).toEqual([]);
    expect(built).toEqual(
      expect.arrayContaining(
        ['lib', 'lib/stores/contract'].flatMap((part) => [`dist/${part}/index.js`, `dist/${part}/index.d.ts`]),
      ),
    );
  });

  it('is built anew by whoever publishes it', () => {
    expect(packageJson.scripts.prepack).toBe('npm run build');
  });

  it('is small', () => {
    expect(packed.size).toBeLessThan(700_000);
    expect(packed.unpackedSize).toBeLessThan(2_400_000);
  });

  it('has the licences of the bundled packages', () => {
    const notices = readFileSync(
      join(newest.folder, 'node_modules/kapacitor-auth/dist/THIRD-PARTY-NOTICES.txt'),
      'utf8',
    );
    expect(
      notices
        .match(/^[\w-]+ \d+\.\d+\.\d+$/gm)
        ?.map((line) => line.split(' ')[0])
        .sort(),
    ).toEqual(['eventemitter3', 'jose', 'p-queue', 'p-timeout', 'preact']);
    expect(notices.match(/Permission is hereby granted/g)).toHaveLength(5);
  });
});

describeModuleSystems(newest);
describeRuntimes(projects);

describe.each(projects)(
  'installed beside Express $express',
  (project) => {
    const run = (file: string) => runConsumer([process.execPath, file], project.folder);

    /** The packages that npm has installed, by their folders. */
    const installed = (): Record<string, { readonly hasInstallScript?: true }> =>
      JSON.parse(readFileSync(join(project.folder, 'package-lock.json'), 'utf8')).packages;

    it('uses the project’s own Express, once', () => {
      const { version } = JSON.parse(readFileSync(join(project.folder, 'node_modules/express/package.json'), 'utf8'));
      expect(version).toBe(project.express);
      const copies = Object.keys(installed()).filter((path) => path.endsWith('node_modules/express'));
      expect(copies).toEqual(['node_modules/express']);
    });

    it('installs no native package but bcrypt', () => {
      const native = Object.entries(installed()).filter(([, { hasInstallScript }]) => hasInstallScript);
      expect(native.map(([path]) => path)).toEqual(['node_modules/bcrypt']);
    });

    it('protects an ES module, which ends by itself after close()', async () => {
      const stdout = await run('esm.mjs');
      expect(JSON.parse(stdout)).toEqual({ tasks: [], for: 'esm' });
    });

    it('protects a CommonJS module that loads it with require(), which ends by itself after close()', async () => {
      const stdout = await run('cjs.cjs');
      expect(JSON.parse(stdout)).toEqual({ tasks: [], for: 'cjs' });
    });

    it('protects a TypeScript program, which compiles with no other types', async () => {
      await execute(process.execPath, ['node_modules/typescript/bin/tsc', '--project', '.'], project.folder);
      const stdout = await run('compiled/typescript.js');
      expect(JSON.parse(stdout)).toEqual({ tasks: [], for: 'typescript' });
    });

    it('writes to an SQLite file in a thread that ends at once, without a warning', async () => {
      const stdout = await run('writing-thread.cjs');
      expect(stdout).toBe('started sqlite-writer-thread.js\nended with 0\nkept alive by []\n');
    });

    it('loads the limiters that it uses, not the index of their package, which loads all of them', async () => {
      const loaded = (await run('loaded-limiters.cjs')).split('\n');
      expect(loaded).toContain(join('lib', 'RateLimiterSQLite.js'));
      expect(loaded).not.toContain('index.js');
    });

    it('has the contract of repositories, which needs no particular test runner', async () => {
      const stdout = await run('contract.mjs');
      expect(stdout).toBe('userRepositoryContract\n');
    });

    it('has the document of its API, for require() and for import', async () => {
      expect(await run('openapi.mjs')).toBe('3.1.0\n');
    });

    it('works without pg with another store, and says how to install it', async () => {
      const stdout = await run('without-pg.mjs');
      expect(stdout).toBe('-- The users of kapacitor-auth, version 5\n');
    });

    it('works without the packages of metrics and traces, and says how to install them', async () => {
      const stdout = await run('without-optional.mjs');
      expect(stdout).toBe('nobody asked for them\n');
    });

    it('gives the reason if an installed package cannot be loaded', async () => {
      const pg = join(project.folder, 'node_modules/pg');
      mkdirSync(pg);
      try {
        writeFileSync(join(pg, 'index.js'), "throw new Error('the disk has a hole')");
        expect(await run('broken-pg.mjs')).toBe('the disk has a hole\n');
      } finally {
        rmSync(pg, { recursive: true });
      }
    });

    it('has the command line', async () => {
      const bin = join(project.folder, 'node_modules/.bin/kapacitor-auth');
      const command = (args: string, said = '') => runConsumer([bin, ...args.split(' ')], project.folder, said);
      const file = join(project.folder, 'operators/users.db');
      writeFileSync(join(project.folder, 'password'), 'examplePassword\n', { mode: 0o600 });
      const add = `user add first --type admin --password-file password --store sqlite:${file}`;
      await command(add, `kapacitor-auth: made the user store sqlite:${file}\n`);
      const listed = await command(`user list --json --store sqlite:${file}`);
      expect(JSON.parse(listed)).toMatchObject([{ name: 'first', type: 'admin' }]);
      expect(await command('--version')).toBe(`${packageJson.version}\n`);
    });

    describe('without better-sqlite3 works if Node.js has SQLite, and otherwise', () => {
      const copy = join(project.folder, 'node_modules/better-sqlite3');
      beforeEach(() => rmSync(copy, { force: true }));
      afterEach(() => {
        rmSync(copy, { recursive: true, force: true });
        if (NEEDS_BETTER_SQLITE3) linkPackages(['better-sqlite3'], project.folder);
      });

      async function expectOutcome(problem: string): Promise<void> {
        const need = 'on Node.js 20 the store "sqlite:" needs the package better-sqlite3, which';
        const outcome = NEEDS_BETTER_SQLITE3 ? `${need} ${problem}` : 'somebody';
        expect(await run('without-better-sqlite3.mjs')).toBe(`memory: somebody\nsqlite: ${outcome}\n`);
      }

      it('says how to install it', async () => {
        await expectOutcome('is not installed: npm install better-sqlite3@12 MODULE_NOT_FOUND');
      });

      it('gives the reason if it cannot be loaded, although it loads its native part late', async () => {
        mkdirSync(copy);
        const reason = 'Could not locate the bindings file. Tried:';
        const late = `module.exports = class { constructor() { throw new Error(${JSON.stringify(`${reason}\n a`)}); } };`;
        writeFileSync(join(copy, 'index.js'), late);
        await expectOutcome(
          `cannot be loaded: ${reason} (in a bundle, keep better-sqlite3 external, and give an ES module require(); ` +
            'elsewhere, delete node_modules and install again on this machine) undefined',
        );
      });
    });
  },
  2 * DONE_WITHIN,
);
