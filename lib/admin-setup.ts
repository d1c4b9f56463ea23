import { resolveConfig } from './config/config.js';
import { ConfigError, InvalidUserError, OverloadedError, StoreError } from './errors.js';
import { answerWithin } from './promises.js';
import { hasAdmin } from './stores/complete-repository.js';
import { type FirstAdmin, makeFirstAdmin } from './users/first-admin.js';
import type { PasswordPolicy } from './users/password-policy.js';
import type { UserRepository } from './users/repository.js';
import type { PasswordHashing } from './users/user-service.js';

/** Milliseconds. An app that makes its users in code has made an admin by then. */
const A_MOMENT = 1_000;

/** Milliseconds. A login waits so long for the first admin, and is answered within five seconds. */
const LOGIN_WAITS = 3_000;
/** Milliseconds after the start. A store that takes no admin for longer may have other users, who are not kept waiting. */
const LOGINS_WAIT_UNTIL = 30_000;
/** Seconds, for those who are sent away. */
const RETRY_AFTER = 5;

export interface AdminSetupParts {
  readonly repository: UserRepository;
  readonly hasher: PasswordHashing;
  readonly policy: PasswordPolicy;
  /** Who is to be made where there is no admin. */
  readonly admin: FirstAdmin | undefined;
  /** Told of the admin that was made. */
  readonly onMade: (name: string) => void;
  /** Told that there is none. */
  readonly onMissing: () => void;
  /** Told why the admin could not be made. */
  readonly onFailure: (error: unknown) => void;
}

/** Makes the first admin as soon as the store can be asked, or finds out that there is none. */
export class AdminSetup {
  readonly #parts: AdminSetupParts;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  /** Fulfilled when it is clear whether there is an admin. Undefined where nobody is to be made, and from then on. */
  #underWay: Promise<void> | undefined;
  #settle: () => void = () => {};
  readonly #since = Date.now();

  constructor(parts: AdminSetupParts) {
    this.#parts = parts;
    if (parts.admin === undefined) return;
    this.#underWay = new Promise((resolve) => {
      this.#settle = () => {
        this.#underWay = undefined;
        resolve();
      };
    });
  }

  /**
   * The promise that a login waits for. Before the first admin is made, its right password would be refused. Undefined
   * where there is nothing to wait for.
   *
   * @throws {OverloadedError} it takes too long
   */
  beforeLogin(): Promise<void> | undefined {
    if (Date.now() - this.#since > LOGINS_WAIT_UNTIL) this.#settle();
    if (this.#underWay === undefined) return undefined;
    return answerWithin(LOGIN_WAITS, this.#underWay).catch(() => {
      throw new OverloadedError(RETRY_AFTER, 'the first admin is being made');
    });
  }

  /**
   * Makes the admin that is asked for. What is the operator's mistake is told; whatever else keeps it from being made is
   * tried again each second.
   *
   * @throws {KapacitorAuthError} it could not be made; says what to do
   */
  async run(): Promise<void> {
    const { admin, onMade, onFailure } = this.#parts;
    if (admin === undefined) {
      this.lookSoon();
      return;
    }
    try {
      if ((await makeFirstAdmin({ ...this.#parts, admin })) === 'made') onMade(admin.name);
      this.#settle();
    } catch (error) {
      onFailure(error);
      if (!isPassing(error)) this.#settle();
      if (!isMistake(error)) this.#soon(() => this.run());
      throw error;
    }
  }

  /** Looks, in a moment, whether there is an admin. */
  lookSoon(): void {
    this.#soon(() => this.#look());
  }

  close(): void {
    this.#isClosed = true;
    this.#settle();
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    let isThere: boolean;
    try {
      isThere = await hasAdmin(this.#parts.repository);
    } catch {
      // Of the store it is told elsewhere.
      this.lookSoon();
      return;
    }
    if (!isThere) this.#parts.onMissing();
  }

  #soon(work: () => Promise<void>): void {
    if (this.#isClosed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void Promise.allSettled([work()]), A_MOMENT).unref();
  }
}

/** Whether it stays so until somebody changes the configuration, or a user. */
function isMistake(error: unknown): boolean {
  return error instanceof ConfigError || error instanceof InvalidUserError;
}

/** Whether the next try may well succeed, without anybody's doing. */
function isPassing(error: unknown): boolean {
  return error instanceof StoreError || error instanceof OverloadedError;
}

/**
 * How an admin is made, for the operator to copy into another terminal, where the environment may say something else.
 *
 * @param file the config file, if there is one
 * @param store as it may be shown, or the app's own repository
 */
export function adminCommand(file: string | undefined, store: string | UserRepository): string {
  if (typeof store !== 'string' || store === 'memory:') {
    return "await auth.users.create({ name: 'admin', password: '…', type: 'admin' })  in the app's code";
  }
  const places = [
    file !== undefined && `--config ${quoted(file)}`,
    (file === undefined || storeOf(file) !== store) && `--store ${quoted(store)}`,
  ];
  return ['npx kapacitor-auth user add admin --type admin', ...places.filter(Boolean)].join(' ');
}

/** What the file says by itself, if it says anything that is right by itself. */
function storeOf(file: string): string | UserRepository | undefined {
  try {
    return resolveConfig(file, {}, {}).config.auth.store;
  } catch {
    return undefined;
  }
}

/** For a shell. */
function quoted(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
