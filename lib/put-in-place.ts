import { lstatSync } from 'node:fs';
import { link, open, rename } from 'node:fs/promises';

/**
 * Gives a complete file its final name. It never replaces a file that somebody has put there meanwhile: it makes a link,
 * because renaming would replace that file.
 *
 * @returns false if something has the name already; nothing was done then
 */
export async function putInPlace(complete: string, target: string): Promise<boolean> {
  try {
    await link(complete, target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    // Some file systems have no links.
    if (isThere(target)) return false;
    await rename(complete, target);
  }
  return true;
}

/** Whether something has this path. A link that leads nowhere counts. */
export function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Waits until the names in a folder are on disk. A file system that cannot do that writes them a little later by itself. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path).catch(() => undefined);
  await folder?.sync().catch(() => {});
  await folder?.close();
}
