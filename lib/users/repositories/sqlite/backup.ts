import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { link, lstat, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { StoreError } from '../../../errors.js';

/** Folders with a copy that is not complete. */
const partials = new Set<string>();

/** Takes away what backups have begun in this process, which is about to end. */
export function removePartialBackups(): void {
  for (const partial of partials) rmSync(partial, { recursive: true, force: true, maxRetries: 3 });
}

/**
 * Makes a file that is a store, as a whole or not at all. It is made beside the place where it is to be: whoever restores
 * a backup must not come upon half of one.
 *
 * @param file an absolute path, where nothing is
 * @param copy writes into an empty file
 * @throws {StoreError} that says which file, and why it cannot be made
 */
export async function writeBackup(file: string, copy: (to: string) => Promise<void>): Promise<void> {
  const folder = dirname(file);
  try {
    // That is known in the end as well, and only after all has been copied.
    await expectNothing(file);
    // At once: a folder is known as soon as it is there. Its mode is 0700.
    const partial = mkdtempSync(join(folder, '.kapacitor-auth-backup-'));
    partials.add(partial);
    try {
      const copied = join(partial, 'users.db');
      writeFileSync(copied, '', { mode: 0o600 });
      await copy(copied);
      await syncToDisk(copied);
      await putInPlace(copied, file);
    } finally {
      await rm(partial, { recursive: true, force: true });
      partials.delete(partial);
    }
    await syncToDisk(folder);
  } catch (error) {
    throw new StoreError(
      `cannot back the user store up to ${file}: ${(error as Error).message}. Name a file that is not there yet, in a ` +
        'folder that is there, that this process may write to, and that has room',
      { cause: error },
    );
  }
}

async function expectNothing(file: string): Promise<void> {
  try {
    await lstat(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  throw new Error('something is there already');
}

/** A link is made only where nothing is: a file that came meanwhile stays. */
async function putInPlace(copied: string, file: string): Promise<void> {
  try {
    await link(copied, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw new Error('something is there already');
    // Not every file system has links.
    await expectNothing(file);
    await rename(copied, file);
  }
}

async function syncToDisk(path: string): Promise<void> {
  const file = await open(path);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
