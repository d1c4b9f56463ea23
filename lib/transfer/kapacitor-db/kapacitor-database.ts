import type { FileHandle } from 'node:fs/promises';
import { ImportError, type ImportedUser, type RefusedUser, type UserFile } from '../user-file.js';
import { BoltFile } from './bolt/bolt-file.js';
import type { Bucket, PageSet } from './bolt/tree.js';
import { Damage, importErrorOf, WHERE_IT_IS } from './damage.js';
import { KapacitorUserReader } from './kapacitor-user.js';
import { userEntriesOf } from './user-entries.js';

const USERS = 'user_store';
/** Kapacitor creates this bucket at its first start, with or without users. */
const VERSIONS = 'versions';

/**
 * Opens a Kapacitor's database, such as `/var/lib/kapacitor/kapacitor.db`, for reading. Kapacitor should be stopped, or the
 * file should be a copy made while it was.
 *
 * @param file is closed with the database, but not after an error
 * @param path the name of the file in messages
 * @throws {ImportError} the file is damaged, or is another program's
 */
export async function openKapacitorDatabase(file: FileHandle, path: string): Promise<UserFile> {
  try {
    const bolt = await BoltFile.open(file);
    const taken = bolt.takenPages();
    return new KapacitorDatabase(path, bolt, await userBucket(bolt, taken), taken);
  } catch (error) {
    throw importErrorOf(path, error);
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
      const users = new KapacitorUserReader();
      for await (const entry of userEntriesOf(this.#file, this.#bucket, this.#taken)) yield users.read(entry);
      await this.#checkUnchanged();
    } catch (error) {
      if (error instanceof Damage) await this.#checkUnchanged();
      throw importErrorOf(this.#path, error);
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #checkUnchanged(): Promise<void> {
    if (await this.#file.isUnchanged()) return;
    throw new ImportError(
      `${this.#path} is in use: it changed after it was opened. Stop Kapacitor, at least while you copy the file, and import the copy`,
    );
  }
}

/** Reads the whole root: the pages of its other buckets cannot be the users'. */
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
  if (isKapacitor) throw new Damage('it has no users', 'This Kapacitor never had any: there is nothing to import');
  const found = names.join(', ') || 'nothing at all';
  throw new Damage(`it is a Bolt database, but not Kapacitor's: it has ${found}, and no "${USERS}"`, WHERE_IT_IS);
}
