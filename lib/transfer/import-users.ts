import { changedParts } from '../users/audit-events.js';
import { costOf, MAX_LOGIN_COST } from '../users/bcrypt-hash.js';
import { compareAndSet } from '../users/compare-and-set.js';
import { isPermission } from '../users/permissions.js';
import type { CompleteUserRepository, KeyOwner } from '../users/repository.js';
import { isActiveAdmin, type StoredUser, storedUser } from '../users/user.js';
import { AccountsOfImport } from './accounts-of-import.js';
import { KeysOfImport, type KeysSummary } from './keys-of-import.js';
import { type FileFormat, ImportError, type ImportedUser, type RefusedUser, type UserFile } from './user-file.js';

/** Users that are stored at once. */
const BATCH = 1_000;
/** How many names a summary has. */
const KEPT_NAMES = 20;
const REFUSED_NAMES = 100;
const PERMISSION_NAMES = 1_000;

export interface ImportOptions {
  /** Stores nothing. Defaults to false. */
  readonly dryRun?: boolean;
  /** Replaces users who exist and differ. Defaults to false. */
  readonly overwrite?: boolean;
  /** The result of {@link readToEnd}, if the caller has called it already. */
  readonly total?: number;
  /** Called when the file has been read to its end, and after each batch, with the number of users so far and in total. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Called right after a user is stored. `before` is the user that was replaced. */
  readonly onStored?: (user: ImportedUser, before: StoredUser | undefined) => void;
}

/** The outcome of an import, or the one that it would have. */
export interface ImportSummary {
  readonly format: FileFormat;
  readonly dryRun: boolean;
  readonly added: number;
  /** Users who exist already, with the same type, permissions, hash, state and account, whatever their times. */
  readonly unchanged: number;
  readonly replaced: number;
  /** Users who exist and differ, and stay as they are: the first 20. */
  readonly kept: { readonly count: number; readonly names: readonly string[] };
  /** Users who are not imported: the first 100. */
  readonly refused: { readonly count: number; readonly users: readonly RefusedUser[] };
  readonly keys: KeysSummary;
  /** The names of permissions that the imported users and their keys have, without Kapacitor's: the first 1,000. */
  readonly ownPermissions: readonly string[];
  /** The number of hashes that are verified only if `bcrypt-cost` is near their cost. */
  readonly costly: number;
}

/**
 * Brings the users of a file into a repository. The file is read to its end first, so that a damaged file changes nothing.
 * Users that were stored before a failure stay; the same import completes it.
 *
 * @param repository undefined if there is no store yet, in a dry run
 * @throws {ImportError} the file is damaged, or changed meanwhile; the message says how many users are stored
 * @throws {StoreError} the store is unavailable
 */
export async function importUsers(
  file: UserFile,
  repository: CompleteUserRepository | undefined,
  options: ImportOptions = {},
): Promise<ImportSummary> {
  const { total = await readToEnd(file), onProgress } = options;
  const run = new Import(file.format, repository, options);
  let done = 0;
  onProgress?.(0, total);
  try {
    for await (const batch of batchesOf(file)) {
      await run.take(batch);
      done += batch.length;
      onProgress?.(done, total);
    }
  } catch (error) {
    if (!(error instanceof ImportError) || run.stored === 0) throw error;
    const users = run.stored === 1 ? '1 user is' : `${run.stored} users are`;
    throw new ImportError(`${error.message}. ${users} stored already, and the same import completes it`, {
      cause: error,
    });
  }
  return run.finish();
}

/**
 * Reads a whole file, and keeps nothing of it.
 *
 * @returns the number of users, including refused ones
 * @throws {ImportError} the file is damaged
 */
export async function readToEnd(file: UserFile): Promise<number> {
  let total = 0;
  for await (const _ of file.read()) total += 1;
  return total;
}

async function* batchesOf(file: UserFile): AsyncGenerator<(ImportedUser | RefusedUser)[], void, undefined> {
  let batch: (ImportedUser | RefusedUser)[] = [];
  for await (const user of file.read()) {
    batch.push(user);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

class Import {
  readonly #format: FileFormat;
  readonly #repository: CompleteUserRepository | undefined;
  readonly #options: ImportOptions;
  readonly #counts = { added: 0, unchanged: 0, replaced: 0, costly: 0 };
  readonly #kept: { count: number; names: string[] } = { count: 0, names: [] };
  readonly #ownPermissions = new Set<string>();
  readonly #keys: KeysOfImport;
  readonly #accounts: AccountsOfImport;
  readonly #refused: { count: number; users: RefusedUser[] } = { count: 0, users: [] };
  /** Users whose import would have left no admin. They are tried again after all others, which may bring an admin. */
  readonly #lastAdmins: ImportedUser[] = [];
  /** In a dry run: the active admins whom the file demotes or disables. */
  readonly #demoted: ImportedUser[] = [];
  #bringsAdmin = false;

  constructor(format: FileFormat, repository: CompleteUserRepository | undefined, options: ImportOptions) {
    this.#format = format;
    this.#repository = repository;
    this.#options = options;
    this.#keys = new KeysOfImport(repository?.secrets, repository === undefined);
    this.#accounts = new AccountsOfImport(format, repository);
  }

  /** The number of users that this import has stored. */
  get stored(): number {
    return this.#options.dryRun ? 0 : this.#counts.added + this.#counts.replaced;
  }

  async take(batch: readonly (ImportedUser | RefusedUser)[]): Promise<void> {
    const users: ImportedUser[] = [];
    for (const user of batch) {
      const refusal = 'refusal' in user ? user.refusal : this.#accounts.refusal(user);
      if (refusal !== undefined) this.#refuse({ name: user.name, refusal });
      else users.push(user as ImportedUser);
    }
    for (const user of users) {
      if ((costOf(user.hash) ?? 0) > MAX_LOGIN_COST) this.#counts.costly += 1;
      this.#notePermissions(user);
    }
    if (this.#repository !== undefined) await this.#store(this.#repository, users);
    else for (const user of users) this.#added(user);
  }

  async finish(): Promise<ImportSummary> {
    for (const user of this.#lastAdmins) {
      if (!(await this.#replace(this.#repository as CompleteUserRepository, user))) this.#refuseLastAdmin(user);
    }
    const last = this.#demoted.at(-1);
    // Without a dry run the last one is refused: those before it leave this admin.
    if (last !== undefined && !(await this.#leavesAdmin())) {
      this.#counts.replaced -= 1;
      this.#refuseLastAdmin(last);
    }
    const { dryRun = false } = this.#options;
    const ownPermissions = [...this.#ownPermissions].sort();
    return {
      ...{ format: this.#format, dryRun, ...this.#counts, ownPermissions, kept: this.#kept, refused: this.#refused },
      keys: this.#keys.summary,
    };
  }

  async #store(repository: CompleteUserRepository, given: readonly ImportedUser[]): Promise<void> {
    const { dryRun, onStored } = this.#options;
    const users = await this.#withoutForeignKeys(repository, given);
    const stored = users.map(({ keys, ...user }): KeyOwner => {
      const { hash, ...account } = this.#accounts.added(user);
      return { ...storedUser(account, hash), keys: this.#keys.valid(keys) };
    });
    const added = new Set(dryRun ? [] : await repository.insertMany(stored));
    const others: ImportedUser[] = [];
    for (const user of users) {
      if (!added.has(user.name)) others.push(user);
      else {
        this.#added(user);
        onStored?.(user, undefined);
      }
    }
    // One after the other would take a round trip to the database for each.
    const found = await Promise.all(others.map(({ name }) => repository.find(name)));
    for (const [index, user] of others.entries()) {
      await this.#meet(repository, user, found[index]);
      if (found[index] !== undefined) await this.#keys.met(user);
    }
  }

  /** Refuses new users with a key that another user has. */
  async #withoutForeignKeys(
    repository: CompleteUserRepository,
    users: readonly ImportedUser[],
  ): Promise<readonly ImportedUser[]> {
    const foreign = await Promise.all(users.map((user) => this.#keys.foreignKey(user)));
    if (foreign.every((key) => key === undefined)) return users;
    const left: ImportedUser[] = [];
    for (const [index, user] of users.entries()) {
      const key = foreign[index];
      if (key === undefined || (await repository.find(user.name)) !== undefined) left.push(user);
      else this.#refuse({ name: user.name, refusal: `another user has the key ${JSON.stringify(key)} already` });
    }
    return left;
  }

  /** The user is new. */
  #added(user: ImportedUser): void {
    this.#counts.added += 1;
    this.#keys.added(user);
    if (isActiveAdmin(user)) this.#bringsAdmin = true;
  }

  async #meet(repository: CompleteUserRepository, user: ImportedUser, current: StoredUser | undefined): Promise<void> {
    const { dryRun, overwrite } = this.#options;
    const after = this.#accounts.replaced(user, current);
    if (current === undefined && dryRun) this.#added(user);
    else if (current !== undefined && changedParts(current, after).length === 0) this.#counts.unchanged += 1;
    else if (!overwrite) this.#keep(user.name);
    else if (!dryRun) {
      if (!(await this.#replace(repository, user))) this.#lastAdmins.push(user);
    } else {
      this.#counts.replaced += 1;
      if (isActiveAdmin(after)) this.#bringsAdmin = true;
      else if (isActiveAdmin(current as StoredUser)) this.#demoted.push(after);
    }
  }

  async #leavesAdmin(): Promise<boolean> {
    if (this.#bringsAdmin) return true;
    const demoted = new Set(this.#demoted.map(({ name }) => name));
    for await (const user of (this.#repository as CompleteUserRepository).snapshot()) {
      if (isActiveAdmin(user) && !demoted.has(user.name)) return true;
    }
    return false;
  }

  #notePermissions({ permissions, keys = [] }: ImportedUser): void {
    for (const permission of [...permissions, ...keys.flatMap((key) => key.permissions ?? [])]) {
      if (isPermission(permission) || this.#ownPermissions.size >= PERMISSION_NAMES) continue;
      this.#ownPermissions.add(permission);
    }
  }

  #keep(name: string): void {
    this.#kept.count += 1;
    if (this.#kept.names.length < KEPT_NAMES) this.#kept.names.push(name);
  }

  #refuse(user: RefusedUser): void {
    this.#refused.count += 1;
    if (this.#refused.users.length < REFUSED_NAMES) this.#refused.users.push(user);
  }

  #refuseLastAdmin({ name }: ImportedUser): void {
    this.#refuse({ name, refusal: 'the last admin cannot be disabled, demoted or given an end' });
  }

  /** @returns false if no admin who can log in would be left */
  async #replace(repository: CompleteUserRepository, user: ImportedUser): Promise<boolean> {
    const outcome = await compareAndSet(repository, user.name, (before) => {
      const { hash, ...account } = this.#accounts.replaced(user, before);
      return { before, after: storedUser(account, hash) };
    });
    if (outcome === 'last-admin') return false;
    this.#counts.replaced += 1;
    this.#options.onStored?.(outcome.after, outcome.before);
    return true;
  }
}
