import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { openKapacitorDatabase } from '../../../lib/transfer/kapacitor/kapacitor-database.js';
import type { ImportedUser, RefusedUser } from '../../../lib/transfer/user-file.js';

/** A database that a real Kapacitor wrote. */
export const KAPACITOR_DB: string = fileURLToPath(new URL('../../kapacitor/kapacitor.db', import.meta.url));

/** All that a database has, from its beginning to its end. */
export async function contentOf(path: string): Promise<(ImportedUser | RefusedUser)[]> {
  const file = await openKapacitorDatabase(path);
  try {
    const content: (ImportedUser | RefusedUser)[] = [];
    for await (const item of file.read()) content.push(item);
    return content;
  } finally {
    await file.close();
  }
}

export async function usersOf(path: string): Promise<ImportedUser[]> {
  return (await contentOf(path)).filter((item) => 'hash' in item);
}

/** An error about this file, for `toThrow`. */
export const importFailure = (path: string, message: string): unknown =>
  expect.objectContaining({
    name: 'ImportError',
    code: 'IMPORT_INVALID',
    status: 400,
    message: expect.stringContaining(`${path}: ${message}`),
  });

/** What a user may do, so that one user's rights can be compared with another's. */
function rightsOf({ type, permissions }: ImportedUser): ReadonlySet<string> {
  const all = ['api', 'config_api', 'write_points'];
  if (type === 'admin') return new Set(['admin', ...all]);
  return new Set(permissions.includes('all') ? all : permissions);
}

/** Tells whether a user may do something that this one may not, or is there and this one is not. */
export function hasMoreRights(user: ImportedUser, than: ImportedUser | undefined): boolean {
  return than === undefined || [...rightsOf(user)].some((right) => !rightsOf(than).has(right));
}
