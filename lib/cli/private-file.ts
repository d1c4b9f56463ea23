import { randomUUID } from 'node:crypto';
import { lstatSync, rmSync, type Stats } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { putInPlace } from '../put-in-place.js';
import { RefusedError, UsageError } from './cli-error.js';
import { beforeInterruption } from './interruption.js';

/**
 * Writes a file that only its owner may read. It is there as a whole, and on disk, or not at all.
 *
 * @param write is given a function that takes texts
 * @param force whether it replaces a file that is there. It never replaces anything else.
 * @throws {RefusedError} it is there already
 * @throws {UsageError} it cannot be made
 */
export async function writePrivateFile<T>(
  path: string,
  { force }: { readonly force: boolean },
  write: (to: (text: string) => Promise<void>) => Promise<T>,
): Promise<T> {
  const target = resolve(path);
  const isThere = () => new RefusedError(`${path} is there already: --force replaces it`);
  if (replaces(path, target) && !force) throw isThere();
  const partial = resolve(dirname(target), `.kapacitor-auth-${randomUUID()}.partial`);
  const file = await open(partial, 'wx', 0o600).catch((error) => {
    throw cannotWrite(path, error);
  });
  const forget = beforeInterruption(() => rmSync(partial, { force: true }));
  try {
    let result: T;
    try {
      result = await write((text) =>
        file.appendFile(text).catch((error) => {
          throw cannotWrite(path, error);
        }),
      );
      await file.sync();
    } finally {
      await file.close();
    }
    if (!force) {
      if (!(await putInPlace(partial, target))) throw isThere();
    } else {
      replaces(path, target);
      await rename(partial, target).catch((error) => {
        throw cannotWrite(path, error);
      });
    }
    await syncFolder(dirname(target));
    return result;
  } finally {
    forget();
    await rm(partial, { force: true });
  }
}

/**
 * Whether there is a file in the way.
 *
 * @throws {UsageError} something else is there, which others may need as it is
 */
function replaces(path: string, target: string): boolean {
  let stats: Stats | undefined;
  try {
    stats = lstatSync(target, { throwIfNoEntry: false });
  } catch (error) {
    throw cannotWrite(path, error as NodeJS.ErrnoException);
  }
  if (stats === undefined || stats.isFile()) return stats !== undefined;
  const kind = stats.isDirectory() ? 'a folder' : stats.isSymbolicLink() ? 'a link' : 'a device or a pipe';
  throw new UsageError(
    `cannot write ${path}: it is ${kind}, and only files are replaced. Name a file, or - for standard output`,
  );
}

/** The name is on disk when the folder is. Not every file system knows how, and the file is there. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path).catch(() => undefined);
  await folder?.sync().catch(() => {});
  await folder?.close();
}

function cannotWrite(path: string, { code, message }: NodeJS.ErrnoException): UsageError {
  return new UsageError(`cannot write ${path}: ${code === 'ENOENT' ? 'there is no such folder' : message}`);
}
