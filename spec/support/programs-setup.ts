import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { bundleImplementation } from '../../lib/build/bundle.js';

/** Run in processes of their own, by {@link startProgram}. */
const PROGRAMS = ['app-process', 'sqlite-process'];

declare module 'vitest' {
  interface ProvidedContext {
    /** The files of programs that are built as the package is, with their names: no process need compile sources. */
    programs: Readonly<Record<string, string>>;
  }
}

/** Builds the programs where they find the packages that are installed here. */
export default async function setup({ provide }: TestProject): Promise<() => void> {
  const cache = fileURLToPath(new URL('../../node_modules/.cache/', import.meta.url));
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'kapacitor-auth-programs-'));
  const entries = PROGRAMS.map((name) => [`spec/support/${name}`, `spec/support/${name}.ts`]);
  await bundleImplementation(folder, Object.fromEntries(entries));
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }');
  const programs = PROGRAMS.map((name) => [name, join(folder, `spec/support/${name}.js`)]);
  provide('programs', { ...Object.fromEntries(programs), cli: join(folder, 'lib/cli/bin.js') });
  return () => rmSync(folder, { recursive: true });
}
