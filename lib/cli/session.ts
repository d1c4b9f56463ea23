import { didYouMean, inWords, suggest } from '../argument-checks.js';
import type { Environment } from '../config/setting.js';
import { PasswordPolicy } from '../users/password-policy.js';
import { isPermission, PERMISSIONS } from '../users/permissions.js';
import { requireKnownPermissions } from '../users/user-fields.js';
import { type AccessRules, readAccessRules } from './access-rules.js';
import { ApiClient } from './api-client.js';
import { EXIT, type ExitCode, RefusedError } from './cli-error.js';
import type { ManagedUser, ManagedUsers, Reading } from './managed-users.js';
import { Output, type Streams } from './output.js';
import { askHidden, type NewPassword, type PasswordSource, readNewPassword } from './prompt.js';
import { type AskedAccess, askAccess, type ToldAccess } from './remote-access.js';
import { type ManagedKeys, RemoteKeys } from './remote-keys.js';
import { RemoteUsers } from './remote-users.js';
import { StoreUsers } from './store-users.js';
import {
  chooseConfig,
  chooseStore,
  chooseTarget,
  type ServerTarget,
  type StoreTarget,
  type TargetOptions,
} from './target.js';
import { type OpenStore, UserStore } from './user-store.js';

/** For a server, whose own rules are unknown here: refuses only passwords that no user can have. */
const ANY_PASSWORD = new PasswordPolicy({ minimumLength: 0 });

export interface OpenUsers {
  readonly users: ManagedUsers;
  readonly keys: ManagedKeys;
  /** The rules for their passwords, as far as they are known here. */
  readonly policy: PasswordPolicy;
  /** Reads the rules about who may do what. */
  readonly readRules: () => Promise<AccessRules>;
  /** Asks a server whether a user may make a request. Undefined: there is no server, or it does not tell. */
  readonly explainAccess?: (asked: AskedAccess) => Promise<ToldAccess | undefined>;
}

/** One run of the command line. */
export class Session {
  readonly streams: Streams;
  readonly environment: Environment;
  readonly output: Output;
  /** The exit code, unless the command throws. */
  exitCode: ExitCode = EXIT.done;
  readonly #options: () => TargetOptions;

  /** @param options returns the options of every command, once they are parsed */
  constructor(streams: Streams, environment: Environment, options: () => TargetOptions) {
    this.streams = streams;
    this.environment = environment;
    this.output = new Output(streams);
    this.#options = options;
  }

  get options(): TargetOptions {
    return this.#options();
  }

  /** The server or the store that the command works on. The store need not exist. */
  place(): ServerTarget | UserStore {
    const target = chooseTarget(this.options, this.environment, process.cwd());
    return target.kind === 'server' ? target : this.userStore(target);
  }

  /** The server whose rules a command needs, or the store. There may be no store, and nothing that names one. */
  placeOfRules(): ServerTarget | UserStore {
    const { url, store, config } = this.options;
    const isServer =
      url !== undefined || (store === undefined && config === undefined && this.environment['KAPACITOR_URL']);
    if (isServer) return this.place();
    return this.userStore(chooseConfig(this.options, this.environment, process.cwd()));
  }

  /** Like {@link place}, for a command that changes users. It prints the name of a store that was found, and not named. */
  placeToChange(): ServerTarget | UserStore {
    const place = this.place();
    if (place instanceof UserStore) this.noteChange(place);
    return place;
  }

  /** Prints the name of a store that was found, and not named. */
  noteChange({ foundBy, name }: UserStore): void {
    if (foundBy !== undefined) this.output.note(`using ${foundBy}: the users are in ${name}`);
  }

  /** Opens the users of a place, and closes them after `use`. */
  async withUsers<T>(use: (open: OpenUsers) => Promise<T>, place: ServerTarget | UserStore = this.place()): Promise<T> {
    if (place instanceof UserStore) {
      return this.withStore(place, ({ users, keys }) =>
        use({ users: new StoreUsers(users), keys, policy: place.policy, readRules: async () => place.rules }),
      );
    }
    return this.withServer(place, (client) =>
      use({
        users: new RemoteUsers(client),
        keys: new RemoteKeys(client),
        policy: ANY_PASSWORD,
        readRules: () => readAccessRules(client),
        explainAccess: (asked) => askAccess(client, asked),
      }),
    );
  }

  /** Opens a server, and closes it after `use`. */
  async withServer<T>({ address, skipVerify }: ServerTarget, use: (client: ApiClient) => Promise<T>): Promise<T> {
    const { base, user, password } = address;
    if (skipVerify && base.startsWith('https:')) {
      this.output.note(`warning: the certificate of ${base} is not verified: it may be anybody's`);
    }
    const asked = user !== undefined && password === undefined ? await this.#askOwnPassword(user, base) : password;
    const client = new ApiClient({ ...address, password: asked }, { skipVerify });
    try {
      return await use(client);
    } finally {
      client.close();
    }
  }

  /** The store that the command works on. */
  userStore(target: StoreTarget = chooseStore(this.options, this.environment, process.cwd())): UserStore {
    const store = new UserStore(target, this.environment);
    for (const note of store.notes) this.output.note(note);
    return store;
  }

  /** Opens a store, and closes it after `use`. With `makes` it creates a store that does not exist, and prints its name. */
  async withStore<T>(
    store: UserStore,
    use: (open: OpenStore) => Promise<T>,
    { makes }: { makes: boolean } = { makes: false },
  ): Promise<T> {
    const isNew = !store.isThere;
    const open = await store.open({ makes, onTrailProblem: (problem) => this.output.note(problem) });
    if (isNew) this.output.note(`made the user store ${store.name}`);
    try {
      return await use(open);
    } finally {
      await open.close();
    }
  }

  /**
   * Checks permissions that a user of a store is to be given, before anything is asked or made. A server checks them
   * itself.
   *
   * @throws {InvalidUserError} a permission is not defined; names the one that was probably meant
   */
  checkPermissions(place: ServerTarget | UserStore, permissions: readonly string[] = []): void {
    if (!(place instanceof UserStore)) return;
    requireKnownPermissions(permissions, place.permissionNames);
    this.notePermissions(place, permissions);
  }

  /** Notes that the app may not define these permissions, if the definitions are not known here. */
  notePermissions(place: ServerTarget | UserStore, permissions: readonly string[] = []): void {
    const own = permissions.filter((name) => !isPermission(name));
    if (!(place instanceof UserStore) || place.rules.isKnown || own.length === 0) return;
    const hint = didYouMean(own.map((name) => suggest(name, PERMISSIONS)).find((meant) => meant !== undefined));
    this.output.note(
      `no config file is named, so it is not known here whether the app defines ${inWords([...new Set(own)])}. ` +
        `A permission that is not defined opens nothing${hint}`,
    );
  }

  readPassword(options: PasswordSource, password: NewPassword): Promise<string> {
    return readNewPassword({ streams: this.streams, output: this.output, options }, password);
  }

  async #askOwnPassword(user: string, base: string): Promise<string> {
    return askHidden(
      this.streams,
      `Password of ${user} at ${base}:`,
      `there is no terminal to ask for the password of ${user}. Put it into KAPACITOR_URL, which other users of this ` +
        'machine cannot see: http://NAME:PASSWORD@HOST:9092',
    );
  }
}

/** @throws {RefusedError} there is no such user */
export async function existingUser(users: ManagedUsers, name: string, reading?: Reading): Promise<ManagedUser> {
  const user = await users.get(name, reading);
  if (user === undefined) throw noSuchUser(name);
  return user;
}

export function noSuchUser(...names: readonly string[]): RefusedError {
  const list = names.map((name) => JSON.stringify(name)).join(', ');
  return new RefusedError(`there is no user ${list}. Names are case-sensitive: "user list" shows them`);
}
