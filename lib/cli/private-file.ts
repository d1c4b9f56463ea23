import { randomUUID } from 'node:crypto';
import { lstatSync, rmSync, type Stats } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { putInPlace, syncFolder } from '../put-in-place.js';
import { RefusedError, UsageError } from './cli-error.js';
import { beforeInterruption } from './interruption.js';

/**
 * Writes a file that only its owner may read. The file appears complete and synced to disk, or not at all.
 *
 * @param options.force replaces a regular file. Nothing else is ever replaced.
 * @param write is called with a function that appends a text
 * @throws {RefusedError} the file exists
 * @throws {UsageError} the file cannot be created
 */
export async function writePrivateFile<T>(
  path: string,
  { force }: { readonly force: boolean },
  write: (to: (text: string) => Promise<void>) => Promise<T>,
): Promise<T> {
  const target = resolve(path);
  const fail = (error: unknown) => {
    throw cannotWrite(path, error as NodeJS.ErrnoException);
  };
  const existsAlready = () => new RefusedError(`${path} exists already: --force replaces it`);
  if (isFileThere(path, target) && !force) throw existsAlready();
  const partial = resolve(dirname(target), `.kapacitor-auth-${randomUUID()}.partial`);
  const file = await open(partial, 'wx', 0o600).catch(fail);
  const forget = beforeInterruption(() => rmSync(partial, { force: true }));
  try {
    let result: T;
    try {
      result = await write((text) => file.appendFile(text).catch(fail));
      await file.sync();
    } finally {
      await file.close();
    }
    if (!force) {
      if (!(await putInPlace(partial, target))) throw existsAlready();
    } else {
      isFileThere(path, target);
      await rename(partial, target).catch(fail);
    }
    await syncFolder(dirname(target));
    return result;
  } finally {
    forget();
    await rm(partial, { force: true });
  }
}

/** @throws {UsageError} something else than a regular file is there */
function isFileThere(path: string, target: string): boolean {
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

function cannotWrite(path: string, { code, message }: NodeJS.ErrnoException): UsageError {
  return new UsageError(`cannot write ${path}: ${code === 'ENOENT' ? 'there is no such folder' : message}`);
}
