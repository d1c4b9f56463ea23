import { mkdtempSync, rmSync } from 'node:fs';
import { lstat, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { StoreError } from '../../errors.js';
import { keepFromGit, prepareFolder } from './lmdb-folder.js';

/** Folders that are being filled. */
const partials = new Set<string>();

/** Takes away what backups have begun in this process, which is about to end. */
export function removePartialBackups(): void {
  for (const partial of partials) rmSync(partial, { recursive: true, force: true, maxRetries: 3 });
}

/**
 * Makes a folder that is a store, as a whole or not at all. It is made beside the one that it is to be, under a name of
 * its own: whoever restores a backup must not come upon half of one.
 *
 * @param folder an absolute path: what is there may be an empty folder only
 * @param copy writes `data.mdb` into a folder
 * @throws {StoreError} that says which folder, and why it cannot be made
 */
export async function writeBackup(folder: string, copy: (folder: string) => Promise<void>): Promise<void> {
  try {
    if (!(await isEmpty(folder))) throw new Error('it is not empty');
    // The mode is 0700 from the beginning. In the same file system: renaming does not reach beyond it. At once: it is known as
    // soon as it is there.
    const partial = mkdtempSync(join(dirname(folder), '.kapacitor-auth-backup-'));
    partials.add(partial);
    try {
      await copy(partial);
      keepFromGit(partial);
      prepareFolder(partial);
      await syncToDisk(join(partial, 'data.mdb'));
      await syncToDisk(partial);
      await rename(partial, folder);
    } catch (error) {
      await rm(partial, { recursive: true, force: true });
      throw error;
    } finally {
      partials.delete(partial);
    }
    await syncToDisk(dirname(folder));
  } catch (error) {
    throw new StoreError(
      `cannot back the user store up to ${folder}: ${(error as Error).message}. Name a folder that is not there yet, below ` +
        'one that is there, that this process may write to, and that has room',
      { cause: error },
    );
  }
}

/** Also when it is not there. Renaming would say so as well, and only after all has been copied. */
async function isEmpty(folder: string): Promise<boolean> {
  try {
    // A folder is not put in the place of a link, wherever it leads.
    if ((await lstat(folder)).isSymbolicLink()) throw new Error('it is a link');
    return (await readdir(folder)).length === 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
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
