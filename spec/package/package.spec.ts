import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

const run = promisify(execFile);

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CONSUMERS = fileURLToPath(new URL('./consumers', import.meta.url));
/** Milliseconds, for packing and installing. */
const INSTALL_WITHIN = 240_000;
/** Milliseconds, for a consumer: one that does not end by itself is killed, and its test fails. */
const END_WITHIN = 60_000;

/** What `npm pack --json` says. */
interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

const folder = mkdtempSync(join(tmpdir(), 'kapacitor-auth-package-'));
let packed: Packed;

beforeAll(async () => {
  packed = await pack();
}, INSTALL_WITHIN);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the packed package', () => {
  it('has what is built, and nothing else but its papers', () => {
    const paths = packed.files.map(({ path }) => path).sort();
    const papers = paths.filter((path) => !path.startsWith('dist/'));
    expect(papers).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']);
    const built = paths.filter((path) => path.startsWith('dist/'));
    expect(built.filter((path) => !/^dist\/(lib|spec\/contract)\/.*\.(js|js\.map|d\.ts)$/.test(path))).toEqual([]);
    expect(built).toContain('dist/lib/index.js');
    expect(built).toContain('dist/lib/index.d.ts');
    expect(built).toContain('dist/spec/contract/index.js');
    expect(built).toContain('dist/spec/contract/index.d.ts');
  });

  it('is built from sources that are there: no file is left of one that is gone', () => {
    const sources = packed.files
      .map(({ path }) => path)
      .filter((path) => path.startsWith('dist/'))
      .map((path) => path.replace(/^dist\//, '').replace(/(\.js|\.js\.map|\.d\.ts)$/, '.ts'));
    for (const source of new Set(sources)) expect(readFileSync(join(ROOT, source), 'utf8')).not.toBe('');
  });

  it('is small', () => {
    expect(packed.size).toBeLessThan(150_000);
    expect(packed.unpackedSize).toBeLessThan(600_000);
  });
});

describe.each([
  { express: installedVersion('express'), types: installedVersion('@types/express') },
  { express: installedVersion('express4'), types: installedVersion('types-express4') },
])
