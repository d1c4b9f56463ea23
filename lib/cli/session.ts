import type { Environment } from '../config/setting.js';
import { PasswordPolicy } from '../users/password-policy.js';
import type { User } from '../users/user.js';
import { ApiClient } from './api-client.js';
import { RefusedError, UsageError } from './cli-error.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import type { ManagedUsers } from './managed-users.js';
import { Output } from './output.js';
import { type NewPassword, type PasswordOptions, readNewPassword } from './password-input.js';
import { askHidden } from './prompt.js';
import { RemoteUsers } from './remote-users.js';
import { questionStream, type Streams } from './streams.js';
import { chooseStore, chooseTarget, type ServerTarget, type StoreTarget, type TargetOptions } from './target.js';
import { type OpenStore, UserStore } from './user-store.js';

/** The rules for those users that another program has in its hands: what no user can have is refused at once. */
const ANY_PASSWORD = new PasswordPolicy({ minimumLength: 0 });

/** Users, and the rule for their passwords as far as it is known here. */
export interface OpenUsers {
  readonly users: ManagedUsers;
  readonly policy: PasswordPolicy;
}

/** One run of the command line. */
export class Session {
  readonly streams: Streams;
  readonly environment: Environment;
  readonly output: Output;
  /** How the run ends if nothing is thrown. */
  exitCode: ExitCode = EXIT.done;
  readonly #options: () => TargetOptions;

  /** @param options those of every command, when they have been read */
  constructor(streams: Streams, environment: Environment, options: () => TargetOptions) {
    this.streams = streams;
    this.environment = environment;
    this.output = new Output(streams);
    this.#options = options;
  }

  /** What says whose users the command is about. */
  get options(): TargetOptions {
    return this.#options();
  }

  /** What the command is about: a store, which may have to be made, or a server. */
  place(): ServerTarget | UserStore {
    const target = chooseTarget(this.options, this.environment, process.cwd());
    return target.kind === 'server' ? target : this.userStore(target);
  }

  /** The same for a command that changes something: if nobody has named the store, it says which one that is. */
  placeToChange(): ServerTarget | UserStore {
    const place = this.place();
    if (place instanceof UserStore) this.noteChange(place);
    return place;
  }

  /** Says which store is changed, if nobody has named it. */
  noteChange({ foundBy, name }: UserStore): void {
    if (foundBy !== undefined) this.output.note(`using ${foundBy}: the users are in ${name}`);
  }

  /** Lends the users there. */
  async withUsers<T>(use: (open: OpenUsers) => Promise<T>, place: ServerTarget | UserStore = this.place()): Promise<T> {
    if (place instanceof UserStore) {
      return this.withStore(place, ({ users }) => use({ users, policy: place.policy }));
    }
    return this.withServer(place, (client) => use({ users: new RemoteUsers(client), policy: ANY_PASSWORD }));
  }

  /** Lends a server. */
  async withServer<T>({ address, skipVerify }: ServerTarget, use: (client: ApiClient) => Promise<T>): Promise<T> {
    if (skipVerify && address.base.startsWith('https:')) {
      this.output.note(`warning: the certificate of ${address.base} is not verified: it may be anybody's`);
    }
    const { user, password = user === undefined ? undefined : await this.#askOwnPassword(user, address.base) } =
      address;
    const client = new ApiClient({ ...address, password }, { skipVerify });
    try {
      return await use(client);
    } finally {
      client.close();
    }
  }

  /** The store that the command is about. */
  userStore(target: StoreTarget = chooseStore(this.options, this.environment, process.cwd())): UserStore {
    const store = new UserStore(target, this.environment);
    for (const note of store.notes) this.output.note(note);
    return store;
  }

  /** Lends a store that is there, or makes one and says so. */
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

  readPassword(options: PasswordOptions, password: NewPassword): Promise<string> {
    return readNewPassword({ streams: this.streams, output: this.output, options }, password);
  }

  /** @throws {UsageError} there is no terminal */
  async #askOwnPassword(user: string, base: string): Promise<string> {
    if (questionStream(this.streams) === undefined) {
      throw new UsageError(
        `there is no terminal to ask for ${user}'s password on: put it into the URL, best in KAPACITOR_URL, which others ` +
          'on this machine cannot see: http://NAME:PASSWORD@HOST:9092',
      );
    }
    return askHidden(this.streams, `Password of ${user} at ${base}:`);
  }
}

/** @throws {RefusedError} there is no such user */
export async function existingUser(users: ManagedUsers, name: string): Promise<User> {
  const user = await users.get(name);
  if (user === undefined) throw noSuchUser(name);
  return user;
}

export function noSuchUser(...names: readonly string[]): RefusedError {
  const quoted = names.map((name) => JSON.stringify(name)).join(', ');
  return new RefusedError(`there is no user ${quoted}. Names are case-sensitive: "user list" shows them`);
}
