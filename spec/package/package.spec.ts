import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CONSUMERS = fileURLToPath(new URL('./consumers', import.meta.url));
/** Milliseconds, for npm and the compiler. */
const DONE_WITHIN = 120_000;
/** Milliseconds, for a consumer: one that does not end by itself is killed, and its test fails. */
const END_WITHIN = 20_000;

/** What `npm pack --json` says of a package. */
interface Packed {
  readonly filename: string;
  /** Bytes. */
  readonly size: number;
  /** Bytes. */
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

const folder = mkdtempSync(join(tmpdir(), 'kapacitor-auth-package-'));
const projects = [
  { major: 5, express: versionOf('express'), types: versionOf('@types/express') },
  { major: 4, express: versionOf('express4'), types: versionOf('types-express4') },
].map((project) => ({ ...project, folder: join(folder, `express${project.major}`) }));
let packed: Packed;

beforeAll(async () => {
  packed = await pack();
  await Promise.all(projects.map(install));
}, 2 * DONE_WITHIN);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the packed package', () => {
  it('holds what was built, its papers and nothing else', () => {
    const paths = packed.files.map(({ path }) => path);
    const built = paths.filter((path) => path.startsWith('dist/'));
    const papers = paths.filter((path) => !path.startsWith('dist/'));
    expect(papers.sort()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']);
    expect(built.filter((path) => !/^dist\/(lib|spec\/contract)\/.+\.(js|d\.ts)$/.test(path))).toEqual([]);
    expect(built.filter((path) => /\.spec\./.test(path))).toEqual([]);
    expect(built).toEqual(
      expect.arrayContaining(
        ['lib', 'spec/contract'].flatMap((part) => [`dist/${part}/index.js`, `dist/${part}/index.d.ts`]),
      ),
    );
  });

  it('is small', () => {
    expect(packed.size).toBeLessThan(280_000);
    expect(packed.unpackedSize).toBeLessThan(980_000);
  });
});

describe.each(projects)(
  'installed beside Express $express',
  (project) => {
    const run = (file: string) => execute(process.execPath, [file], project.folder, END_WITHIN);

    it('is the Express that the project asked for, once', () => {
      const { version } = JSON.parse(readFileSync(join(project.folder, 'node_modules/express/package.json'), 'utf8'));
      expect(version).toBe(project.express);
      const lock = JSON.parse(readFileSync(join(project.folder, 'package-lock.json'), 'utf8'));
      const copies = Object.keys(lock.packages).filter((path) => path.endsWith('node_modules/express'));
      expect(copies).toEqual(['node_modules/express']);
    });

    it('protects an ES module, which ends by itself when all is closed', async () => {
      const stdout = await run('esm.mjs');
      expect(JSON.parse(stdout)).toEqual({ tasks: [], for: 'esm' });
    });

    it('protects a CommonJS module that has it from require(), which ends by itself when all is closed', async () => {
      const stdout = await run('cjs.cjs');
      expect(JSON.parse(stdout)).toEqual({ tasks: [], for: 'cjs' });
    });

    it('protects a TypeScript program, which compiles without other types than its own', async () => {
      await execute(process.execPath, ['node_modules/typescript/bin/tsc', '--project', '.'], project.folder);
      const stdout = await run('compiled/typescript.js');
      expect(JSON.parse(stdout)).toEqual({ tasks: [], for: 'typescript' });
    });

    it("has the repositories' contract, which needs no test runner of ours", async () => {
      const stdout = await run('contract.mjs');
      expect(stdout).toBe('userRepositoryContract\n');
    });

    it('does without pg for another store, and says how to get it for that one', async () => {
      const stdout = await run('without-pg.mjs');
      expect(stdout).toBe('-- The users of kapacitor-auth, version 1\n');
    });

    it('does without the packages of metrics and traces, and says how to get them', async () => {
      const stdout = await run('without-optional.mjs');
      expect(stdout).toBe('nobody asked for them\n');
    });

    it('has the command line', async () => {
      const bin = join(project.folder, 'node_modules/.bin/kapacitor-auth');
      const store = `lmdb:${join(project.folder, 'operators')}`;
      writeFileSync(join(project.folder, 'password'), 'examplePassword\n', { mode: 0o600 });
      const add = ['user', 'add', 'first', '--type', 'admin', '--password-file', 'password', '--store', store];
      await execute(bin, add, project.folder, END_WITHIN);
      const listed = await execute(bin, ['user', 'list', '--json', '--store', store], project.folder, END_WITHIN);
      expect(JSON.parse(listed)).toMatchObject([{ name: 'first', type: 'admin' }]);
      expect(await execute(bin, ['--version'], project.folder, END_WITHIN)).toBe(`${packageJson.version}\n`);
    });

    it('does without lmdb for another store, and says how to get it for that one', async () => {
      const lmdb = join(project.folder, 'node_modules/lmdb');
      const elsewhere = join(project.folder, 'lmdb');
      renameSync(lmdb, elsewhere);
      try {
        const stdout = await run('without-lmdb.mjs');
        expect(stdout).toBe('somebody\n');
      } finally {
        renameSync(elsewhere, lmdb);
      }
    });
  },
  2 * DONE_WITHIN,
);

/**
 * Packs a copy, which the package's own `prepack` builds: what is in the tarball are the sources as they are now, and
 * whoever uses the folder `dist` meanwhile keeps it.
 */
async function pack(): Promise<Packed> {
  const copy = join(folder, 'copy');
  const isSource = (path: string) => !/^(\..*|node_modules|dist|coverage)$/.test(basename(path));
  cpSync(ROOT, copy, { recursive: true, filter: (path) => path === ROOT || isSource(path) });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'), 'junction');
  const stdout = await execute('npm', ['pack', '--json', '--pack-destination', folder], copy);
  const [one] = JSON.parse(stdout) as [Packed];
  return one;
}

/** Makes a small project of somebody's who uses the package. */
async function install({ folder: project, express, types }: (typeof projects)[number]): Promise<void> {
  mkdirSync(project);
  cpSync(CONSUMERS, project, { recursive: true });
  const dependencies = {
    'kapacitor-auth': `file:../${packed.filename}`,
    express,
    '@types/express': types,
    '@types/node': versionOf('@types/node'),
    typescript: versionOf('typescript'),
  };
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }));
  await execute('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund'], project);
}

/** Runs a program, and gives what it wrote. Compilers write what is wrong to the standard output, so errors tell it. */
async function execute(program: string, args: readonly string[], cwd: string, timeout = DONE_WITHIN): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, args, { cwd, timeout });
    return stdout;
  } catch (error) {
    const { message, stdout } = error as Error & { readonly stdout?: string };
    throw new Error(`${message}\n${stdout ?? ''}`, { cause: error });
  }
}

/** The version that this package's own specs use, which is at hand. */
function versionOf(name: string): string {
  return JSON.parse(readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8')).version;
}
