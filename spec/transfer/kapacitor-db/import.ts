import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Permission } from 'kapacitor-auth';
import { expect } from 'vitest';
import { openUserFile } from '../../../lib/transfer/open-user-file.js';
import type { ImportedUser, RefusedUser, UserFile } from '../../../lib/transfer/user-file.js';
import { openUsers } from '../files.js';

/** A database that a real Kapacitor wrote. */
export const KAPACITOR_DB: string = fileURLToPath(new URL('../../kapacitor/kapacitor.db', import.meta.url));

/** What the users API of the Kapacitor that wrote the file lists. */
export const LISTED: readonly { name: string; type: string; permissions: Permission[] }[] = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../kapacitor/kapacitor.db.users.json', import.meta.url)), 'utf8'),
);

/** What the users of the file had as their passwords. */
export function passwordOf(name: string): string {
  const odd = [
    'exampleUsername',
    'johndoe',
    'Größe',
    'ユーザー',
    'a@b.example-1_x',
    '..',
    'UPPER',
    'upper',
    'x'.repeat(200),
  ];
  return odd.includes(name) ? `pw-${odd.indexOf(name)}` : `secret:${Number(name.slice('user'.length))}`;
}

/** Opens a file that is said to be a Kapacitor's database. */
export const openDatabase = (path: string): Promise<UserFile> => openUsers(path, { format: 'kapacitor' });

/** All that a database has, from its beginning to its end. */
export async function contentOf(path: string): Promise<(ImportedUser | RefusedUser)[]> {
  const file = await openUserFile(path, { format: 'kapacitor' });
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
