import { isPromise, type MaybePromise } from '../promises.js';
import type { LoginTimes, RecordedLogin } from '../users/login-times.js';
import type {
  FirstAdminOutcome,
  KeyOwner,
  RemoveOutcome,
  ReplaceOutcome,
  StoreHealth,
  UserFilter,
  UserListQuery,
  UserRepository,
} from '../users/repository.js';
import type { SecretRepository } from '../users/secret.js';
import type { StoredUser } from '../users/user.js';
import { superviseSecrets } from './supervised-secrets.js';
import { Supervision, type SupervisionOptions } from './supervision.js';

/**
 * Asks every question of a repository under {@link Supervision}. Optional methods that the repository lacks are missing here
 * as well: `completeRepository` goes around this class, so that each step of a substitute is supervised.
 */
export class SupervisedRepository implements UserRepository {
  readonly #repository: UserRepository;
  readonly #supervision: Supervision;
  readonly #copies = new UserCopies();
  readonly keepsAccounts: boolean;
  readonly count?: (filter: UserFilter) => MaybePromise<number>;
  readonly hasAdmin?: () => MaybePromise<boolean>;
  readonly insertFirstAdmin?: (user: StoredUser) => MaybePromise<FirstAdminOutcome>;
  readonly insertMany?: (users: readonly KeyOwner[]) => MaybePromise<string[]>;
  readonly snapshot?: () => AsyncIterable<KeyOwner>;
  readonly permissionsInUse?: () => MaybePromise<readonly string[]>;
  readonly secrets?: SecretRepository;
  readonly logins?: LoginTimes;

  constructor(repository: UserRepository, options: SupervisionOptions) {
    const supervision = new Supervision(repository, options);
    this.#repository = repository;
    this.#supervision = supervision;
    this.keepsAccounts = repository.keepsAccounts === true;
    const { count, hasAdmin, insertFirstAdmin, insertMany, snapshot, permissionsInUse, secrets, logins } = repository;
    if (secrets) this.secrets = superviseSecrets(secrets, supervision);
    if (logins) this.logins = superviseLogins(logins, supervision);
    if (count) this.count = (filter) => supervision.ask('count', () => count.call(repository, filter));
    if (hasAdmin) this.hasAdmin = () => supervision.ask('hasAdmin', () => hasAdmin.call(repository));
    if (insertFirstAdmin)
      this.insertFirstAdmin = (user) =>
        supervision.ask('insertFirstAdmin', () => insertFirstAdmin.call(repository, user));
    if (insertMany)
      this.insertMany = (users) => supervision.ask('insertMany', () => insertMany.call(repository, users));
    if (snapshot) this.snapshot = () => stepByStep(supervision, () => snapshot.call(repository));
    if (permissionsInUse)
      this.permissionsInUse = () => supervision.ask('permissionsInUse', () => permissionsInUse.call(repository));
  }

  get health(): StoreHealth {
    return this.#supervision.health;
  }

  /** See {@link Supervision.open}. */
  open(): Promise<void> {
    return this.#supervision.open();
  }

  /** See {@link Supervision.close}. */
  close(): void {
    this.#supervision.close();
  }

  /** Returns a copy that never changes, even if the repository changes its own object. */
  find(name: string): MaybePromise<StoredUser | undefined> {
    const found = this.#supervision.ask('find', () => this.#repository.find(name));
    return isPromise(found) ? found.then((user) => this.#copies.of(user)) : this.#copies.of(found);
  }

  list(query: UserListQuery): MaybePromise<StoredUser[]> {
    return this.#supervision.ask('list', () => this.#repository.list(query));
  }

  insert(user: StoredUser): MaybePromise<boolean> {
    return this.#supervision.ask('insert', () => this.#repository.insert(user));
  }

  replace(user: StoredUser, expectedRevision: string): MaybePromise<ReplaceOutcome> {
    return this.#supervision.ask('replace', () => this.#repository.replace(user, expectedRevision));
  }

  remove(name: string, expectedRevision?: string): MaybePromise<RemoveOutcome> {
    return this.#supervision.ask('remove', () => this.#repository.remove(name, expectedRevision));
  }
}

function superviseLogins(logins: LoginTimes, supervision: Supervision): LoginTimes {
  return {
    record: (given: readonly RecordedLogin[]) => supervision.ask('logins.record', () => logins.record(given)),
    lastOf: (names) => supervision.ask('logins.lastOf', () => logins.lastOf(names)),
  };
}

/** Each step has the usual time limit. The reader has any time between two steps. */
async function* stepByStep(
  supervision: Supervision,
  begin: () => AsyncIterable<KeyOwner>,
): AsyncGenerator<KeyOwner, void, void> {
  const users = await supervision.ask('snapshot', () => begin()[Symbol.asyncIterator]());
  const leave = async () => users.return?.();
  let isLeftEarly = false;
  try {
    for (;;) {
      const step = await supervision.ask('snapshot', () => users.next());
      if (step.done) return;
      isLeftEarly = true;
      yield step.value;
      isLeftEarly = false;
    }
  } catch (error) {
    // A repository that did not answer the step would not answer this either.
    void Promise.allSettled([leave()]);
    throw error;
  } finally {
    if (isLeftEarly && supervision.isClosed) void Promise.allSettled([leave()]);
    else if (isLeftEarly) await supervision.ask('snapshot', leave);
  }
}

/**
 * Copies of users that never change. A repository may keep one object for each user and change it in place, as the
 * identity map of an ORM does: the object that `find` returned before a change then has the new values.
 */
export class UserCopies {
  /** A repository that returns the same object again gets the same copy, at no cost. */
  readonly #copies = new WeakMap<StoredUser, StoredUser>();

  /** The user as it is now: the same copy for as long as the user is the same. */
  of(user: StoredUser | undefined): StoredUser | undefined {
    if (user === undefined) return undefined;
    const known = this.#copies.get(user);
    if (known !== undefined && isSameUser(known, user)) return known;
    const { name, type, permissions, enabled, hash, revision } = user;
    const { created, passwordChanged, expires, mustChangePassword, note } = user;
    const copy = Object.freeze({
      ...{ name, type, permissions: Object.freeze([...permissions]), enabled, hash, revision },
      ...{ created, passwordChanged, expires, mustChangePassword, note },
    });
    this.#copies.set(user, copy);
    return copy;
  }
}

/** Without a function call for each field: every request gets here. */
function isSameUser(a: StoredUser, b: StoredUser): boolean {
  return (
    a.hash === b.hash &&
    a.revision === b.revision &&
    a.type === b.type &&
    a.enabled === b.enabled &&
    a.name === b.name &&
    a.expires === b.expires &&
    a.mustChangePassword === b.mustChangePassword &&
    a.passwordChanged === b.passwordChanged &&
    a.created === b.created &&
    a.note === b.note &&
    areEqual(a.permissions, b.permissions)
  );
}

function areEqual(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false;
  return true;
}
