import type { Environment } from '../config/setting.js';
import { PasswordPolicy } from '../users/password-policy.js';
import type { User } from '../users/user.js';
import { ApiClient } from './api-client.js';
import { EXIT, type ExitCode, RefusedError } from './cli-error.js';
import { Output, type Streams } from './output.js';
import { askHidden, type NewPassword, type PasswordSource, readNewPassword } from './prompt.js';
import { type ManagedUsers, RemoteUsers } from './remote-users.js';
import { chooseStore, chooseTarget, type ServerTarget, type StoreTarget, type TargetOptions } from './target.js';
import { type OpenStore, UserStore } from './user-store.js';

/** For a server, whose own rules are unknown here: refuses only passwords that no user can have. */
const ANY_PASSWORD = new PasswordPolicy({ minimumLength: 0 });

export interface OpenUsers {
  readonly users: ManagedUsers;
  /** The rules for their passwords, as far as they are known here. */
  readonly policy: PasswordPolicy;
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
      return this.withStore(place, ({ users }) => use({ users, policy: place.policy }));
    }
    return this.withServer(place, (client) => use({ users: new RemoteUsers(client), policy: ANY_PASSWORD }));
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
export async function existingUser(users: ManagedUsers, name: string): Promise<User> {
  const user = await users.get(name);
  if (user === undefined) throw noSuchUser(name);
  return user;
}

export function noSuchUser(...names: readonly string[]): RefusedError {
  const list = names.map((name) => JSON.stringify(name)).join(', ');
  return new RefusedError(`there is no user ${list}. Names are case-sensitive: "user list" shows them`);
}
