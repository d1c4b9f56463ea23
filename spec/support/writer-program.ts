import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * The program of the thread that changes a SQLite store, as the build makes it. The specs run the sources, beside which there is
 * none.
 *
 * @returns its path, from which `better-sqlite3` is to be found
 */
export async function buildWriterProgram(): Promise<string> {
  const file = join(ROOT, `node_modules/.cache/kapacitor-auth/writer-thread-${process.pid}.cjs`);
  const bundle = await rolldown({
    cwd: ROOT,
    input: 'lib/users/repositories/sqlite/writer-thread.ts',
    platform: 'node',
    external: ['better-sqlite3', 'pg', 'prom-client', '@opentelemetry/api-logs', 'fastest-levenshtein'],
  });
  await bundle.write({ file, format: 'cjs' });
  await bundle.close();
  return file;
}
