import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { StoreError } from '../../errors.js';
import { isThere, putInPlace, syncFolder } from '../../put-in-place.js';

/** Folders that hold an incomplete copy. */
const partials = new Set<string>();

/** Removes the incomplete copies of this process. For a process that is about to end. */
export function removePartialBackups(): void {
  for (const partial of partials) rmSync(partial, { recursive: true, force: true, maxRetries: 3 });
}

/**
 * Makes a backup that appears only when it is complete: it is written into a folder beside its final place, and moved
 * there once it is on disk.
 *
 * @param file an absolute path, where no file is
 * @param copy writes the store into an empty file
 * @throws {StoreError} the backup cannot be made; the message names the file and the reason
 */
export async function writeBackup(file: string, copy: (to: string) => Promise<void>): Promise<void> {
  const folder = dirname(file);
  try {
    // Moving the copy would fail as well, but only after the whole store has been copied.
    if (isThere(file)) throw somethingIsThere();
    if (!existsSync(folder)) throw new Error(`there is no folder ${folder}`);
    // Synchronous, so that no interruption comes between making the folder (mode 0700) and noting it.
    const partial = mkdtempSync(join(folder, '.kapacitor-auth-backup-'));
    partials.add(partial);
    try {
      const copied = join(partial, 'users.db');
      writeFileSync(copied, '', { mode: 0o600 });
      await copy(copied);
      await syncFile(copied);
      if (!(await putInPlace(copied, file))) throw somethingIsThere();
    } finally {
      await rm(partial, { recursive: true, force: true });
      partials.delete(partial);
    }
    await syncFolder(folder);
  } catch (error) {
    throw new StoreError(
      `cannot back the user store up to ${file}: ${(error as Error).message}. Name a file that is not there yet, in a ` +
        'folder that is there, that this process may write to, and that has room',
      { cause: error },
    );
  }
}

function somethingIsThere(): Error {
  return new Error('something is there already');
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
