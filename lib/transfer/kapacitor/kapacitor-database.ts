import type { FileHandle } from 'node:fs/promises';
import { ImportError } from '../import-error.js';
import type { ImportedUser, RefusedUser, UserFile } from '../user-file.js';
import { BoltFile } from './bolt-file.js';
import { WHERE_IT_IS } from './current-meta.js';
import { Damage } from './damage.js';
import type { PageSet } from './page-set.js';
import { UserReader } from './stored-user.js';
import type { Bucket } from './tree.js';
import { userEntriesOf } from './user-entries.js';

export { isBoltFile } from './bolt-file.js';

const USERS = 'user_store';
/** Kapacitor makes it at its first start, whether it has users or not. */
const VERSIONS = 'versions';

/**
 * Opens a Kapacitor's database, such as `/var/lib/kapacitor/kapacitor.db`, for reading. Kapacitor should be stopped, or
 * the file be a copy that was made while it was.
 *
 * @param path what messages call it
 * @param opened the file, if it is open already: it is closed with the database, or when it is none
 * @throws {ImportError} that says what the file is instead, or what is wrong with it
 */
export async function openKapacitorDatabase(path: string, opened?: FileHandle): Promise<UserFile> {
  try {
    const file = await BoltFile.open(opened ?? path);
    try {
      const taken = file.takenPages();
      return new KapacitorDatabase(path, file, await userBucket(file, taken), taken);
    } catch (error) {
      await file.close();
      throw error;
    }
  } catch (error) {
    throw importError(path, error);
  }
}

class KapacitorDatabase implements UserFile {
  readonly format = 'Kapacitor database';
  readonly #path: string;
  readonly #file: BoltFile;
  readonly #bucket: Bucket;
  readonly #taken: PageSet;

  constructor(path: string, file: BoltFile, bucket: Bucket, taken: PageSet) {
    this.#path = path;
    this.#file = file;
    this.#bucket = bucket;
    this.#taken = taken;
  }

  /** In the order of the names' bytes. */
  async *read(): AsyncGenerator<ImportedUser | RefusedUser, void, undefined> {
    try {
      await this.#checkUnchanged();
      const users = new UserReader();
      for await (const entry of userEntriesOf(this.#file, this.#bucket, this.#taken)) yield users.read(entry);
      await this.#checkUnchanged();
    } catch (error) {
      if (error instanceof Damage) await this.#checkUnchanged();
      throw importError(this.#path, error);
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #checkUnchanged(): Promise<void> {
    if (await this.#file.isUnchanged()) return;
    throw new ImportError(
      `${this.#path} is in use: it was written to since it was opened. Stop Kapacitor, at least while you copy the file, and import the copy`,
    );
  }
}

/** All of the root is looked at: pages that it takes cannot be the users'. */
async function userBucket(file: BoltFile, taken: PageSet): Promise<Bucket> {
  let users: Bucket | undefined;
  let isKapacitor = false;
  const names: string[] = [];
  for await (const [name, bucket] of file.buckets(taken)) {
    if (name === USERS) users = bucket;
    if (name === VERSIONS) isKapacitor = true;
    if (names.length < 5) names.push(JSON.stringify(name));
  }
  if (users !== undefined) return users;
  if (isKapacitor) throw new Damage('it has no users', 'This Kapacitor never had one: there is nothing to import');
  const found = names.join(', ') || 'nothing at all';
  throw new Damage(`it is a Bolt database, but not Kapacitor's: it has no ${USERS}, but ${found}`, WHERE_IT_IS);
}

/** What went wrong, with the path and with what to do about it. */
function importError(path: string, cause: unknown): unknown {
  if (cause instanceof ImportError) return cause;
  if (cause instanceof Damage) return new ImportError(`cannot import ${path}: ${cause.message}. ${cause.remedy}`);
  return new ImportError(`cannot read ${path}: ${reasonOf(cause)}`, { cause });
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES' || code === 'EPERM') {
    return 'permission denied. Run this as the user that Kapacitor runs as, or import a copy that you may read';
  }
  return error.message;
}
