import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { bundleImplementation } from '../../lib/build/bundle.js';
import { buildOpenApi } from '../../lib/build/openapi.js';
import { buildPage } from '../../lib/build/page.js';

/** The programs that run in processes of their own. */
const PROGRAMS: Readonly<Record<string, URL>> = {
  'app-program': new URL('./app-program.ts', import.meta.url),
  'audit-log-writer': new URL('../observe/audit-log-writer.ts', import.meta.url),
  'host-process': new URL('./host-process.ts', import.meta.url),
  'memory-program': new URL('./memory-program.ts', import.meta.url),
  'postgres-closing-script': new URL('./postgres-closing-script.ts', import.meta.url),
  'postgres-process': new URL('./postgres-process.ts', import.meta.url),
  'postgres-script': new URL('./postgres-script.ts', import.meta.url),
  'postgres-secrets-process': new URL('./postgres-secrets-process.ts', import.meta.url),
  'shop-program': new URL('./shop-program.ts', import.meta.url),
  'store-program': new URL('./store-program.ts', import.meta.url),
};

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
  const entries = Object.entries(PROGRAMS).map(([name, source]) => [`programs/${name}`, fileURLToPath(source)]);
  buildOpenApi();
  await buildPage();
  await bundleImplementation(folder, Object.fromEntries(entries));
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }');
  const programs = Object.keys(PROGRAMS).map((name) => [name, join(folder, `programs/${name}.js`)]);
  provide('programs', {
    ...Object.fromEntries(programs),
    index: join(folder, 'lib/index.js'),
    cli: join(folder, 'lib/cli/bin.js'),
    'writer-thread': join(folder, 'lib/shared/sqlite-writer-thread.js'),
  });
  return () => rmSync(folder, { recursive: true });
}
