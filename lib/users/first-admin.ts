import { ConfigError, InvalidUserError, OverloadedError, StoreError } from '../errors.js';
import { answerWithin, type MaybePromise } from '../promises.js';
import { shellQuoted } from '../safe-text.js';
import { timesOfNewUser } from './account.js';
import type { PasswordHashing } from './password-hashing.js';
import type { PasswordPolicy } from './password-policy.js';
import type { CompleteUserRepository, UserRepository } from './repository.js';
import { storedUser } from './user.js';
import { requireText } from './user-fields.js';
import { checkUserName } from './user-name.js';

/** Milliseconds between two attempts. An app that creates its users in code has created an admin by then. */
const ONE_SECOND = 1_000;
/** Milliseconds. A login that waits longer for the first admin is refused, so that it is answered within five seconds. */
const LOGIN_WAITS = 3_000;
/** Milliseconds after the start. After that, logins of other users do not wait for the first admin any more. */
const LOGINS_WAIT_UNTIL = 30_000;
/** Seconds, for the `Retry-After` of a refused login. */
const RETRY_AFTER = 5;

/** The first admin that the configuration asks for. */
export interface FirstAdmin {
  readonly name: string;
  /**
   * The password, or a function that returns it. The function runs only if the store has no admin: the file that it reads
   * may be gone after the first start.
   */
  readonly password: string | (() => MaybePromise<string>);
}

/** The parts that create a user. */
interface Makers {
  readonly repository: CompleteUserRepository;
  readonly hasher: Pick<PasswordHashing, 'hash'>;
  readonly policy: PasswordPolicy;
}

export interface FirstAdminSetupParts extends Makers {
  /** Undefined: the setup creates no admin. */
  readonly admin: FirstAdmin | undefined;
  /** Runs after the admin was created. */
  readonly onCreated: (name: string) => void;
  /** Runs if the store has no admin. */
  readonly onMissing: () => void;
  /** Receives the reason why the admin was not created. */
  readonly onFailure: (error: unknown) => void;
}

/** Creates the first admin as soon as the store answers, or finds out that there is no admin. */
export class FirstAdminSetup {
  readonly #parts: Omit<FirstAdminSetupParts, 'admin'>;
  /** Undefined: there is none to create, or no more. The password is not kept for longer than it is needed. */
  #admin: FirstAdmin | undefined;
  readonly #startedAt = Date.now();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  /** Fulfilled when it is known whether there is an admin. Undefined afterwards, and if no admin is to be created. */
  #pending: Promise<void> | undefined;
  #settle: () => void = () => {};

  constructor({ admin, ...parts }: FirstAdminSetupParts) {
    this.#parts = parts;
    this.#admin = admin;
    if (admin === undefined) return;
    this.#pending = new Promise((resolve) => {
      this.#settle = () => {
        this.#pending = undefined;
        resolve();
      };
    });
  }

  /**
   * A promise for a login to wait for. Until the first admin exists, its correct password would be refused. Undefined if
   * there is nothing to wait for.
   *
   * @throws {OverloadedError} the first admin does not exist after 3 seconds
   */
  beforeLogin(): Promise<void> | undefined {
    if (Date.now() - this.#startedAt > LOGINS_WAIT_UNTIL) this.#settle();
    if (this.#pending === undefined) return undefined;
    return answerWithin(LOGIN_WAITS, this.#pending).catch(() => {
      throw new OverloadedError(RETRY_AFTER, 'the first admin is being made');
    });
  }

  /**
   * Creates the admin. After a failure that the operator need not mend, it tries again every second.
   *
   * @throws {KapacitorAuthError} the admin was not created; the message says what to do
   */
  async run(): Promise<void> {
    const { onCreated, onFailure } = this.#parts;
    const admin = this.#admin;
    if (admin === undefined) {
      this.lookSoon();
      return;
    }
    try {
      if (await createFirstAdmin(this.#parts, admin)) onCreated(admin.name);
      this.#admin = undefined;
      this.#settle();
    } catch (error) {
      onFailure(error);
      if (!isTemporary(error)) this.#settle();
      if (isMistake(error)) this.#admin = undefined;
      else this.#soon(() => this.run());
      throw error;
    }
  }

  /** Checks in a second whether there is an admin, unless it is to be created then. */
  lookSoon(): void {
    if (this.#admin === undefined) this.#soon(() => this.#look());
  }

  close(): void {
    this.#isClosed = true;
    this.#admin = undefined;
    this.#settle();
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    let isThere: boolean;
    try {
      isThere = await this.#parts.repository.hasAdmin();
    } catch {
      // The supervised repository reports failures of the store.
      this.lookSoon();
      return;
    }
    if (!isThere) this.#parts.onMissing();
  }

  #soon(work: () => Promise<void>): void {
    if (this.#isClosed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void Promise.allSettled([work()]), ONE_SECOND).unref();
  }
}

/** Whether the error stays until somebody changes the configuration or a user. */
function isMistake(error: unknown): boolean {
  return error instanceof ConfigError || error instanceof InvalidUserError;
}

/** Whether the next attempt may succeed without a change. */
function isTemporary(error: unknown): boolean {
  return error instanceof StoreError || error instanceof OverloadedError;
}

/**
 * Creates the first admin if the store has no admin who can log in. A user who already has the name stays as it is,
 * because it may be another person.
 *
 * @returns false if there is an admin; name and password are not checked then
 * @throws {InvalidUserError} the name or the password is not acceptable, or another user has the name
 * @throws {OverloadedError} too many passwords wait to be hashed
 * @throws {PasswordCheckError} the check of refused passwords failed
 * @throws {StoreError} the store is unavailable
 * @throws an error of the function that returns the password
 */
export async function createFirstAdmin(
  { repository, hasher, policy }: Makers,
  { name, password }: FirstAdmin,
): Promise<boolean> {
  if (await repository.hasAdmin()) return false;
  const accepted = await acceptedPassword({ name, password }, policy);
  const user = { name, type: 'admin', permissions: [], enabled: true } as const;
  const admin = storedUser({ ...user, ...timesOfNewUser(repository) }, await hasher.hash(accepted));
  const outcome = await repository.insertFirstAdmin(admin);
  if (outcome === 'name-taken') {
    throw new InvalidUserError(
      `${name} cannot become the first admin: a user has this name, and is not an admin or is disabled. Choose another ` +
        `name, or run npx kapacitor-auth user set ${name} --type admin, or npx kapacitor-auth user enable ${name}`,
    );
  }
  return outcome === 'inserted';
}

async function acceptedPassword({ name, password }: FirstAdmin, policy: PasswordPolicy): Promise<string> {
  try {
    requireText(name, 'name');
    checkUserName(name);
    const given: unknown = typeof password === 'function' ? await password() : password;
    requireText(given, 'password');
    return await policy.accept(given, name);
  } catch (error) {
    if (!(error instanceof InvalidUserError)) throw error;
    throw new InvalidUserError(`the first admin cannot be made: ${error.message}`);
  }
}

/**
 * The shell command that creates an admin. It names the store even if the environment of the other terminal does not.
 *
 * @param file the config file, if there is one
 * @param storeOfFile the store that the file alone leads to
 * @param store as in `auth.config`: without secrets, or a repository of the app's own
 */
export function adminCommand(
  file: string | undefined,
  storeOfFile: string | UserRepository | undefined,
  store: string | UserRepository,
): string {
  if (typeof store !== 'string' || store === 'memory:') {
    return "await auth.users.create({ name: 'admin', password: '…', type: 'admin' })  in the app's code";
  }
  const options = [
    file !== undefined && `--config ${quotedForShell(file)}`,
    (file === undefined || storeOfFile !== store) && `--store ${quotedForShell(store)}`,
  ];
  return ['npx kapacitor-auth user add admin --type admin', ...options.filter(Boolean)].join(' ');
}

function quotedForShell(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : shellQuoted(text);
}
