import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { bundleImplementation } from '../../lib/build/bundle.js';
import { buildPage } from '../../lib/build/page.js';

/** The programs of this folder that {@link startProgram} runs in processes of their own. */
const PROGRAMS = ['app-program', 'shop-program', 'store-program'];

declare module 'vitest' {
  interface ProvidedContext {
    /** Programs and parts of the package, as the build makes them, with their files: no process compiles sources. */
    programs: Readonly<Record<string, string>>;
  }
}

/** Builds the programs where they find the packages that are installed here. */
export default async function setup({ provide }: TestProject): Promise<() => void> {
  const cache = fileURLToPath(new URL('../../node_modules/.cache/', import.meta.url));
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'kapacitor-auth-programs-'));
  const entries = PROGRAMS.map((name) => [`spec/support/${name}`, `spec/support/${name}.ts`]);
  await buildPage();
  await bundleImplementation(folder, Object.fromEntries(entries));
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }');
  const programs = PROGRAMS.map((name) => [name, join(folder, `spec/support/${name}.js`)]);
  provide('programs', {
    ...Object.fromEntries(programs),
    index: join(folder, 'lib/index.js'),
    cli: join(folder, 'lib/cli/bin.js'),
    'writer-thread': join(folder, 'lib/shared/sqlite-writer-thread.js'),
  });
  return () => rmSync(folder, { recursive: true });
}
