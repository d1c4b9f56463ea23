import { randomUUID } from 'node:crypto';
import { StoreError } from '../errors.js';
import { insertMany } from '../users/every-user.js';
import type { ReplaceOutcome, UserRepository } from '../users/repository.js';
import type { StoredUser } from '../users/user.js';
import type { FileFormat, ImportedUser, RefusedUser, UserFile } from './user-file.js';

/** Users that are stored at once. */
const BATCH = 1_000;
/** How many of those who are left as they are, and of those who are refused, are named. */
const KEPT_NAMES = 20;
const REFUSED_NAMES = 100;
/** Somebody else changes the same user. */
const MAX_CONFLICTS = 100;

export interface ImportOptions {
  /** Whether nothing is stored. Defaults to false. */
  readonly dryRun?: boolean;
  /** Whether users are replaced who are there and differ. Defaults to false. */
  readonly overwrite?: boolean;
  /** How many there are, if the file has been read to its end already: see {@link readToEnd}. */
  readonly total?: number;
  /** Told of how many users have been read of how many, from the moment on when all of them are known to be good. */
  readonly onProgress?: (done: number, total: number) => void;
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
}

/**
 * Brings the users of a file into a repository. The file is read to its end before anything is stored, so that a bad one
 * changes nothing, and is read again then. What was stored before a failure stays: the same import completes it.
 *
 * @param repository undefined: there is no store yet, and nobody in it, for a dry run
 * @throws {ImportError} the file is not what it should be
 * @throws {StoreError} the store is unavailable
 */
export async function importUsers(
  file: UserFile,
  repository: UserRepository | undefined,
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
  for await (const user of file.read()) {
    done += 1;
    if ('refusal' in user) run.refuse(user);
    else batch.push(user);
    if (batch.length === BATCH) await store();
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
  readonly #repository: UserRepository | undefined;
  readonly #dryRun: boolean;
  readonly #overwrite: boolean;
  #added = 0;
  #unchanged = 0;
  #replaced = 0;
  #keptCount = 0;
  readonly #kept: string[] = [];
  #refusedCount = 0;
  readonly #refused: RefusedUser[] = [];
  /** Would have left no admin when their turn came: another admin may have come after them. */
  #lastAdmins: ImportedUser[] = [];

  constructor(
    format: FileFormat,
    repository: UserRepository | undefined,
    { dryRun = false, overwrite = false }: ImportOptions,
  ) {
    this.#format = format;
    this.#repository = repository;
    this.#dryRun = dryRun;
    this.#overwrite = overwrite;
  }

  async store(users: readonly ImportedUser[]): Promise<void> {
    const repository = this.#repository;
    if (repository === undefined) {
      this.#added += users.length;
      return;
    }
    const added = new Set(this.#dryRun ? [] : await insertMany(repository, users.map(withRevision)));
    this.#added += added.size;
    const others = users.filter(({ name }) => !added.has(name));
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
      if ((await this.#replace(this.#repository as UserRepository, user)) === 'replaced') this.#replaced += 1;
      else this.refuse({ name: user.name, refusal: 'the last admin cannot be disabled or demoted' });
    }
    this.#lastAdmins = [];
    return {
      format: this.#format,
      dryRun: this.#dryRun,
      added: this.#added,
      unchanged: this.#unchanged,
      replaced: this.#replaced,
      kept: { count: this.#keptCount, names: this.#kept },
      refused: { count: this.#refusedCount, users: this.#refused },
    };
  }

  async #meet(repository: UserRepository, user: ImportedUser, current: StoredUser | undefined): Promise<void> {
    if (current === undefined && this.#dryRun) this.#added += 1;
    else if (current !== undefined && isSame(user, current)) this.#unchanged += 1;
    else if (!this.#overwrite) this.#keep(user.name);
    else if (this.#dryRun || (await this.#replace(repository, user)) === 'replaced') this.#replaced += 1;
    else this.#lastAdmins.push(user);
  }

  #keep(name: string): void {
    this.#keptCount += 1;
    if (this.#kept.length < KEPT_NAMES) this.#kept.push(name);
  }

  async #replace(repository: UserRepository, user: ImportedUser): Promise<Exclude<ReplaceOutcome, 'conflict'>> {
    for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
      const current = await repository.find(user.name);
      if (current === undefined) {
        if (await repository.insert(withRevision(user))) return 'replaced';
        continue;
      }
      const outcome = await repository.replace(withRevision(user), current.revision);
      if (outcome !== 'conflict') return outcome;
    }
    throw new StoreError(`the user ${JSON.stringify(user.name)} changes too often to be replaced: try again later`);
  }
}

function withRevision(user: ImportedUser): StoredUser {
  const { name, type, permissions, enabled, hash } = user;
  return { name, type, permissions, enabled, hash, revision: randomUUID() };
}

function isSame(user: ImportedUser, current: StoredUser): boolean {
  return (
    user.type === current.type &&
    user.enabled === current.enabled &&
    user.hash === current.hash &&
    user.permissions.join() === current.permissions.join()
  );
}
