import { lstatSync } from 'node:fs';
import { link, rename } from 'node:fs/promises';

/**
 * Gives a complete file its final name. A file that was put there meanwhile is never replaced: a link is made, where
 * renaming would replace it.
 *
 * @returns false if something is there, and then nothing was done
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

/** Also when it is a link that leads nowhere. */
export function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
