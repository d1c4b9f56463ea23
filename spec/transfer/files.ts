import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type OpenUserFileOptions, openUserFile } from '../../lib/transfer/open-user-file.js';
import type { ImportedUser, RefusedUser, UserFile } from '../../lib/transfer/user-file.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** Hashes that no password is known of. */
export const HASH = `$2b$04$${'a'.repeat(53)}`;
export const OTHER_HASH = `$2y$04$${'b'.repeat(53)}`;

export const imported = (name: string, changes: Partial<ImportedUser> = {}): ImportedUser => ({
  name,
  type: 'normal',
  permissions: [],
  enabled: true,
  hash: HASH,
  ...changes,
});

/** A file with this in it, which is there until the test is over. */
export function fileWith(content: string | Buffer, name = 'users'): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, content);
  return path;
}

/** Opens a file until the test is over. Node.js 26 ends a process that leaves a file open. */
export async function openUsers(path: string, options?: OpenUserFileOptions): Promise<UserFile> {
  const file = await openUserFile(path, options);
  onTestFinished(() => file.close());
  return file;
}

export async function readAll(file: UserFile): Promise<(ImportedUser | RefusedUser)[]> {
  const users: (ImportedUser | RefusedUser)[] = [];
  for await (const user of file.read()) users.push(user);
  return users;
}

/** A file that is not one: these users. */
export function userFile(users: readonly (ImportedUser | RefusedUser)[]): UserFile & { reads: number } {
  return {
    format: 'JSON lines',
    reads: 0,
    async *read() {
      this.reads += 1;
      yield* users;
    },
    async close() {},
  };
}
