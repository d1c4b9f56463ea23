import { costOf, MAX_LOGIN_COST } from '../authentication/password-hasher.js';
import { compareAndSet } from '../users/compare-and-set.js';
import type { CompleteUserRepository } from '../users/repository.js';
import { isActiveAdmin, type StoredUser, storedUser, type User } from '../users/user.js';
import { ImportError } from './import-error.js';
import type { FileFormat, ImportedUser, RefusedUser, UserFile } from './user-file.js';

/** Users that are stored at once. */
const BATCH = 1_000;
/** How many of those who are left as they are, and of those who are refused, are named. */
const KEPT_NAMES = 20;
const REFUSED_NAMES = 100;
const LAST_ADMIN = 'the last admin cannot be disabled or demoted';

export interface ImportOptions {
  /** Whether nothing is stored. Defaults to false. */
  readonly dryRun?: boolean;
  /** Whether users are replaced who are there and differ. Defaults to false. */
  readonly overwrite?: boolean;
  /** How many there are, if the file has been read to its end already: see {@link readToEnd}. */
  readonly total?: number;
  /** Told of how many users have been read of how many, from the moment on when all of them are known to be good. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Told of each user that is stored, right after it is. `before` is who was replaced. */
  readonly onStored?: (user: ImportedUser, before: StoredUser | undefined) => void;
}

/** What has become of the users of a file, or would. */
export interface ImportSummary {
  readonly format: FileFormat;
  readonly dryRun: boolean;
  readonly added: number;
  /** Were there with the same type, permissions and hash, and let in or not as the file has it. */
  readonly unchanged: number;
  readonly replaced: number;
  /** Were there, differ, and stay as they are: the first 20. */
  readonly kept: { readonly count: number; readonly names: readonly string[] };
  /** Not imported, and why: the first 100. */
  readonly refused: { readonly count: number; readonly users: readonly RefusedUser[] };
  /** How many of those who are not refused have a hash that is verified only where `bcrypt-cost` is near to its cost. */
  readonly costly: number;
}

/**
 * Brings the users of a file into a repository. The file is read to its end before anything is stored, so that a bad one
 * changes nothing, and is read again then. What was stored before a failure stays: the same import completes it.
 *
 * @param repository undefined: there is no store yet, and nobody in it, for a dry run
 * @throws {ImportError} the file is not what it should be, or was written to meanwhile: then it says how many are stored
 * @throws {StoreError} the store is unavailable
 */
export async function importUsers(
  file: UserFile,
  repository: CompleteUserRepository | undefined,
  options: ImportOptions = {},
): Promise<ImportSummary> {
  const { total = await readToEnd(file) } = options;
  const run = new Import(file.format, repository, options);
  let batch: ImportedUser[] = [];
  let done = 0;
  const store = async () => {
    await run.store(batch);
    batch = [];
    options.onProgress?.(done, total);
  };
  options.onProgress?.(0, total);
  try {
    for await (const user of file.read()) {
      done += 1;
      if ('refusal' in user) run.refuse(user);
      else batch.push(user);
      if (batch.length === BATCH) await store();
    }
  } catch (error) {
    if (!(error instanceof ImportError) || run.stored === 0) throw error;
    const users = run.stored === 1 ? '1 user is' : `${run.stored} users are`;
    throw new ImportError(`${error.message}. ${users} stored already, and the same import completes it`, {
      cause: error,
    });
  }
  await store();
  return run.finish();
}

/**
 * Makes sure of a file before anything is done with it.
 *
 * @returns how many users there are in it, those included who are refused
 * @throws {ImportError} the file is not what it should be
 */
export async function readToEnd(file: UserFile): Promise<number> {
  let total = 0;
  for await (const _ of file.read()) total += 1;
  return total;
}

class Import {
  readonly #format: FileFormat;
  readonly #repository: CompleteUserRepository | undefined;
  readonly #dryRun: boolean;
  readonly #overwrite: boolean;
  readonly #onStored: (user: ImportedUser, before: StoredUser | undefined) => void;
  #costly = 0;
  #added = 0;
  #unchanged = 0;
  #replaced = 0;
  #keptCount = 0;
  readonly #kept: string[] = [];
  #refusedCount = 0;
  readonly #refused: RefusedUser[] = [];
  /** Would have left no admin when their turn came: another admin may have come after them. */
  #lastAdmins: ImportedUser[] = [];
  /** Whom a dry run would disable or demote, and whether the file has an admin who would be left. */
  readonly #demoted: ImportedUser[] = [];
  #bringsAdmin = false;

  constructor(
    format: FileFormat,
    repository: CompleteUserRepository | undefined,
    { dryRun = false, overwrite = false, onStored = () => {} }: ImportOptions,
  ) {
    this.#format = format;
    this.#repository = repository;
    this.#dryRun = dryRun;
    this.#overwrite = overwrite;
    this.#onStored = onStored;
  }

  /** How many users of the file are in the store because of this import. */
  get stored(): number {
    return this.#dryRun ? 0 : this.#added + this.#replaced;
  }

  async store(users: readonly ImportedUser[]): Promise<void> {
    const repository = this.#repository;
    for (const user of users) {
      if ((costOf(user.hash) ?? 0) > MAX_LOGIN_COST) this.#costly += 1;
      if (isActiveAdmin(user)) this.#bringsAdmin = true;
    }
    if (repository === undefined) {
      this.#added += users.length;
      return;
    }
    const added = new Set(this.#dryRun ? [] : await repository.insertMany(users.map(withRevision)));
    this.#added += added.size;
    const others: ImportedUser[] = [];
    for (const user of users) {
      if (added.has(user.name)) this.#onStored(user, undefined);
      else others.push(user);
    }
    // All at once: a database that is asked for one after the other takes its time.
    const found = await Promise.all(others.map(({ name }) => repository.find(name)));
    for (const [index, user] of others.entries()) await this.#meet(repository, user, found[index]);
  }

  refuse(user: RefusedUser): void {
    this.#refusedCount += 1;
    if (this.#refused.length < REFUSED_NAMES) this.#refused.push(user);
  }

  async finish(): Promise<ImportSummary> {
    for (const user of this.#lastAdmins) {
      if (!(await this.#replace(this.#repository as CompleteUserRepository, user))) this.#refuseLastAdmin(user);
    }
    this.#lastAdmins = [];
    const last = this.#demoted.at(-1);
    // Those before it find an admin left: this one.
    if (last !== undefined && !(await this.#leavesAdmin())) {
      this.#replaced -= 1;
      this.#refuseLastAdmin(last);
    }
    return {
      format: this.#format,
      dryRun: this.#dryRun,
      added: this.#added,
      unchanged: this.#unchanged,
      replaced: this.#replaced,
      kept: { count: this.#keptCount, names: this.#kept },
      refused: { count: this.#refusedCount, users: this.#refused },
      costly: this.#costly,
    };
  }

  async #meet(repository: CompleteUserRepository, user: ImportedUser, current: StoredUser | undefined): Promise<void> {
    if (current === undefined && this.#dryRun) this.#added += 1;
    else if (current !== undefined && isSame(user, current)) this.#unchanged += 1;
    else if (!this.#overwrite) this.#keep(user.name);
    else if (this.#dryRun) this.#wouldReplace(user, current as StoredUser);
    else if (!(await this.#replace(repository, user))) this.#lastAdmins.push(user);
  }

  #wouldReplace(user: ImportedUser, current: User): void {
    this.#replaced += 1;
    if (isActiveAdmin(current) && !isActiveAdmin(user)) this.#demoted.push(user);
  }

  /** For a dry run: whether an admin is left when all are demoted whom the file demotes. */
  async #leavesAdmin(): Promise<boolean> {
    if (this.#bringsAdmin) return true;
    const demoted = new Set(this.#demoted.map(({ name }) => name));
    for await (const user of (this.#repository as CompleteUserRepository).snapshot()) {
      if (isActiveAdmin(user) && !demoted.has(user.name)) return true;
    }
    return false;
  }

  #refuseLastAdmin({ name }: ImportedUser): void {
    this.refuse({ name, refusal: LAST_ADMIN });
  }

  #keep(name: string): void {
    this.#keptCount += 1;
    if (this.#kept.length < KEPT_NAMES) this.#kept.push(name);
  }

  /** @returns false if no admin who can log in would be left; nothing was changed then */
  async #replace(repository: CompleteUserRepository, user: ImportedUser): Promise<boolean> {
    const outcome = await compareAndSet(repository, user.name, (before) => ({ before, after: withRevision(user) }));
    if (outcome === 'last-admin') return false;
    this.#replaced += 1;
    this.#onStored(user, outcome.before);
    return true;
  }
}

function withRevision(user: ImportedUser): StoredUser {
  return storedUser(user, user.hash);
}

function isSame(user: ImportedUser, current: StoredUser): boolean {
  return (
    user.type === current.type &&
    user.enabled === current.enabled &&
    user.hash === current.hash &&
    user.permissions.join() === current.permissions.join()
  );
}
