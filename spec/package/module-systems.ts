import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type ConsumerProject,
  DONE_WITHIN,
  execute,
  linkPackages,
  NEEDS_BETTER_SQLITE3,
  runConsumer,
} from './consumer-project.js';

const JEST = fileURLToPath(import.meta.resolve('jest/bin/jest'));
/** Native packages cannot be in a bundle. */
const NATIVE = ['bcrypt', 'better-sqlite3'];
/** The output of the program that each of them compiles, after a request. */
const ANSWERED = '[200,{"for":"somebody"}]\n';

/** Each kind of project that loads the package, out of the installed tarball. */
export function describeModuleSystems(project: ConsumerProject): void {
  const folder = join(project.folder, 'module-systems');
  const run = (file: string, cwd = folder) =>
    runConsumer([process.execPath, file, join(cwd, `users of ${file.replace(/\W/g, '-')}`)], cwd);
  const compile = (config: string) =>
    execute(process.execPath, ['../node_modules/typescript/bin/tsc', '--project', config], folder);
  const jest = (name: string) => execute(process.execPath, [JEST, '--ci', '--runInBand'], join(folder, name));

  /** Bundles the program, and runs it where nothing is installed but the native packages that this runtime needs. */
  async function bundleAndRun(outfile: string, options: BuildOptions): Promise<string> {
    const deployed = join(folder, 'deployed', outfile.replace(/\W/g, '-'));
    mkdirSync(deployed, { recursive: true });
    linkPackages(NEEDS_BETTER_SQLITE3 ? NATIVE : ['bcrypt'], deployed, project.folder);
    const entry = { absWorkingDir: folder, entryPoints: ['app.ts'], outfile: join(deployed, outfile) };
    await build({ ...entry, bundle: true, platform: 'node', external: NATIVE, minify: true, ...options });
    return run(outfile, deployed);
  }

  describe(
    'module systems',
    () => {
      beforeAll(() => {
        // The same program as an ES module, and Jest without a copy of it.
        cpSync(join(folder, 'app.ts'), join(folder, 'app.mts'));
        linkPackages(['@jest/globals', 'ts-jest'], project.folder);
      });

      it('1 of 8: TypeScript with "module": "commonjs", which looks for packages as Node 10 did', async () => {
        await compile('tsconfig.commonjs.json');
        expect(await run('commonjs/app.js')).toBe(ANSWERED);
      });

      it('2 of 8: TypeScript with "module": "node16", from CommonJS and from an ES module', async () => {
        await compile('tsconfig.node16.json');
        expect(await run('node16/app.js')).toBe(ANSWERED);
        expect(await run('node16/app.mjs')).toBe(ANSWERED);
      });

      it('3 of 8: TypeScript with "moduleResolution": "bundler"', async () => {
        await compile('tsconfig.bundler.json');
        writeFileSync(join(folder, 'bundler/package.json'), '{ "type": "module" }');
        expect(await run('bundler/app.js')).toBe(ANSWERED);
      });

      it('4 of 8: Jest 30, whose modules are CommonJS', () => jest('jest'));

      it('5 of 8: ts-jest', () => jest('ts-jest'));

      it('6 of 8: a minified bundle of esbuild in CommonJS', async () => {
        expect(await bundleAndRun('app.cjs', { format: 'cjs' })).toBe(ANSWERED);
      });

      it('7 of 8: a minified bundle of esbuild as an ES module', async () => {
        const js = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
        expect(await bundleAndRun('app.mjs', { format: 'esm', banner: { js } })).toBe(ANSWERED);
      });

      it('8 of 8: require() and import in one process, with one of each class', async () => {
        expect(await run('both.mjs')).toBe('one of each class\n');
      });
    },
    DONE_WITHIN,
  );
}
